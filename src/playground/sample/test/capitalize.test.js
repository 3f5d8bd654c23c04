import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capitalize } from '../src/index.js';

test('makes the first letter a capital', () => {
  assert.equal(capitalize('hello world'), 'Hello world');
  assert.equal(capitalize('élan'), 'Élan');
});

test('leaves an empty text alone', () => {
  assert.equal(capitalize(''), '');
});

test('wants a string', () => {
  assert.throws(() => capitalize(null), { name: 'TypeError', message: 'capitalize expects a string, got null' });
});
