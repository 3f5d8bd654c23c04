import { assertString } from './assert-string.js';

/** Cuts a text so that it is no longer than `length` with its ellipsis, at a word's end where there is one. */
export function truncate(text, length, ellipsis = '…') {
  assertString(text, 'truncate');
  if (text.length <= length) return text;
  const room = Math.max(0, length - ellipsis.length);
  const cut = text.slice(0, room + 1);
  const end = cut.lastIndexOf(' ');
  return text.slice(0, end > 0 ? end : room).trimEnd() + ellipsis;
}
