import { assertString } from './assert-string.js';

/** Makes the first letter a capital and leaves the rest alone. */
export function capitalize(text) {
  assertString(text, 'capitalize');
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length);
}
