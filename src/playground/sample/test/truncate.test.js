import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncate } from '../src/index.js';

test('leaves short texts alone', () => {
  assert.equal(truncate('short', 10), 'short');
});

test("cuts at a word's end", () => {
  assert.equal(truncate('a rather long sentence', 10), 'a rather…');
});

test('cuts inside a word that is too long', () => {
  assert.equal(truncate('incomprehensibilities', 5), 'inco…');
});

test('takes another ellipsis', () => {
  assert.equal(truncate('one two three', 8, '...'), 'one...');
});
