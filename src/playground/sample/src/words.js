import { assertString } from './assert-string.js';

/** The words of a text in order. An apostrophe inside a word belongs to it. */
export function words(text) {
  assertString(text, 'words');
  return text.match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];
}
