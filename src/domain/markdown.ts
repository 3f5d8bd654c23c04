import { firstBytes, lastBytes, neutralise, oneLine, visible } from './text.ts';

/**
 * Markdown that other people's text cannot break out of. Limits are in UTF-8 bytes: GitHub says
 * "characters", and bytes are the strictest way to read that.
 */

/** A code block holding the end of `text`: the fence is longer than any in the text. */
export function fence(text: string, limit: number, info = ''): string {
  const shown = lastBytes(visible(text).trimEnd(), limit);
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map((run) => run[0].length));
  // A text made of backticks would need a fence as long as itself.
  const marks = longest < 64 ? '`'.repeat(longest + 1) : '~'.repeat(3);
  const body = longest < 64 ? shown : shown.replace(/^([ >]*)~{3,}/gm, '$1~~');
  return `${marks}${info}\n${body}\n${marks}`;
}

/** Inline code on one line, also where the text holds backticks. */
export function code(text: string, limit = 300): string {
  const shown = firstBytes(oneLine(text), limit);
  if (shown === '') return '';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map((run) => run[0].length));
  const marks = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(shown) ? ' ' : '';
  return `${marks}${pad}${shown}${pad}${marks}`;
}

/** Someone's words as a quotation. Whatever they open (a fence, a list, a heading) ends with it. */
export function quote(text: string, limit: number): string {
  const whole = neutralise(text).trim();
  const shown = firstBytes(whole, limit);
  const note = shown.length < whole.length ? '\n\n… (shortened)' : '';
  return (shown + note).replace(/^/gm, '> ').replace(/^> $/gm, '>');
}

/** One line of plain words: no markup of theirs survives. */
export function plain(text: string, limit = 300): string {
  const shown = oneLine(text);
  const cut = firstBytes(shown, limit);
  return neutralise(cut).replace(/[\\`*_[\]|~#]/g, '\\$&') + (cut.length < shown.length ? '…' : '');
}

/** One line that may hold inline code, as NOFX's own error messages do, but loads and mentions nothing. */
export function inline(text: string, limit: number): string {
  return neutralise(firstBytes(oneLine(text), limit));
}

/** `plain` with pipes as entities: for a table cell. */
export function cell(text: string, limit = 200): string {
  return plain(text, limit).replaceAll('\\|', '&#124;');
}

/** A section folded away under its title. The blank lines let markdown inside be read as such. */
export function folded(title: string, content: string): string {
  return `<details>\n<summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** As many lines as fit, then how many were left out (`more` says it). */
export function someLines(lines: string[], limit: number, more: (left: number) => string): string {
  let used = 0;
  const kept: string[] = [];
  for (const line of lines) {
    used += Buffer.byteLength(line) + 1;
    if (used > limit - 100) break;
    kept.push(line);
  }
  if (kept.length < lines.length) kept.push(more(lines.length - kept.length));
  return kept.join('\n');
}

/**
 * Joins whole blocks with blank lines. A block that no longer fits is left out, and the end says so:
 * a block is never cut, so a fence or a folded section is always closed.
 */
export function joinBlocks(blocks: (string | null | undefined)[], limit: number): string {
  const note = '_Shortened: GitHub limits the length of this text._';
  const room = limit - Buffer.byteLength(note) - 2;
  const kept: string[] = [];
  let used = 0;
  let left = false;
  for (const block of blocks) {
    if (!block) continue;
    const size = Buffer.byteLength(block) + 2;
    if (used + size > room) {
      left = true;
      continue;
    }
    used += size;
    kept.push(block);
  }
  if (left) kept.push(note);
  return kept.join('\n\n');
}
