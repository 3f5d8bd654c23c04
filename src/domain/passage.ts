/** A part of a text; `hit`: one of the words that were looked for. */
export type Piece = { text: string; hit: boolean };

/** The words of a search that are to be shown where they are found: not those that must not be there, no operators. */
export function wordsIn(search: string): string[] {
  const words =
    search
      .toLowerCase()
      .replace(/(^|\s)-("[^"]*"|\S+)/g, ' ')
      .match(/[\p{L}\p{N}_]+/gu) ?? [];
  return [...new Set(words.filter((word) => word !== 'or'))];
}

/**
 * The part of a text in which the first of the words is, at most so many characters, taken apart at the words. The search
 * knows forms of words that we do not, so a text may have been found of which nothing is marked.
 */
export function passage(text: string, words: string[], most: number): Piece[] {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  const pattern =
    words.length === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join('|')})[\\p{L}\\p{N}_]*`, 'giu');
  const first = pattern ? flat.search(pattern) : -1;
  const from = first > most / 2 ? flat.indexOf(' ', first - Math.floor(most / 3)) + 1 : 0;
  const cut = flat.slice(from, from + most);
  const shown = (from > 0 ? '…' : '') + cut + (from + most < flat.length ? '…' : '');
  if (pattern === null) return [{ text: shown, hit: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of shown.matchAll(pattern)) {
    if (match.index > at) pieces.push({ text: shown.slice(at, match.index), hit: false });
    pieces.push({ text: match[0], hit: true });
    at = match.index + match[0].length;
  }
  if (at < shown.length || pieces.length === 0) pieces.push({ text: shown.slice(at), hit: false });
  return pieces;
}
