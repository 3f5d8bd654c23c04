/**
 * Patterns of paths as CODEOWNERS and .gitignore have them, without `!` and `[…]`. A library would make regular
 * expressions of them; matched part by part, no pattern that somebody writes can keep the server busy.
 * https://git-scm.com/docs/gitignore#_pattern_format
 */

/** What is wrong with a pattern; null when nothing is. */
export function patternProblem(pattern: string): string | null {
  if (pattern.trim() === '' || pattern === '/') return 'must name a path';
  if (pattern.length > 300) return 'must not be longer than 300 characters';
  if (pattern.startsWith('!')) return 'must not begin with "!": list what is protected';
  if (/[[\]\\\p{Cc}]/u.test(pattern)) return 'must not hold "[", "]", a backslash or a control character';
  if (pattern.includes('//')) return 'must not have an empty part';
  if (/(^|\/)\.{1,2}(\/|$)/.test(pattern)) return 'must not have a "." or ".." part';
  return null;
}

/**
 * Whether a path, or a folder above it, is one of the pattern. Without a `/` but at its end it is one at any depth.
 * Both are compared as they are: fold their case first.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  const trimmed = pattern.replace(/\/$/, '');
  const anchored = trimmed.includes('/');
  const parts = trimmed.split('/').filter((part, at) => part !== '' || at > 0);
  return matchParts(path.split('/'), anchored ? parts : ['**', ...parts]);
}

/** Row by row as in an edit distance: `reached[i]` is whether the parts of the pattern so far match the first `i` of the path. */
function matchParts(path: string[], pattern: string[]): boolean {
  // `folder/**` is all in it, and the folder's own name: a file or link there would take its role.
  const wanted = pattern.at(-1) === '**' ? pattern.slice(0, -1) : pattern;
  let reached = [true, ...path.map(() => false)];
  for (const part of wanted) {
    const next = reached.map(() => false);
    for (let at = 0; at <= path.length; at += 1) {
      if (part === '**') next[at] = reached[at]! || (at > 0 && next[at - 1]!);
      else if (at > 0) next[at] = reached[at - 1]! && matchPart(path[at - 1]!, part);
    }
    reached = next;
  }
  // Any beginning of the path will do: the rest is below it.
  return wanted.length === 0 || reached.slice(1).includes(true);
}

/** `*` is any number of characters, `?` one. Goes back to the last star only, so it takes at most text × pattern steps. */
function matchPart(text: string, pattern: string): boolean {
  let at = 0;
  let in_ = 0;
  let star = -1;
  let from = 0;
  while (at < text.length) {
    const wanted = pattern[in_];
    if (wanted === '*') {
      star = in_++;
      from = at;
    } else if (wanted === '?' || wanted === text[at]) {
      in_ += 1;
      at += 1;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++from;
    } else return false;
  }
  while (pattern[in_] === '*') in_ += 1;
  return in_ === pattern.length;
}
