import assert from 'node:assert/strict';
import { test } from 'node:test';
import { words } from '../src/index.js';

test('splits at spaces and punctuation', () => {
  assert.deepEqual(words('one, two; three'), ['one', 'two', 'three']);
});

test('keeps apostrophes inside words', () => {
  assert.deepEqual(words("Don't panic, it's fine."), ["Don't", 'panic', "it's", 'fine']);
});

test('knows letters of other scripts', () => {
  assert.deepEqual(words('Grüße, мир'), ['Grüße', 'мир']);
});

test('finds none in an empty text', () => {
  assert.deepEqual(words(''), []);
});
