/** Where a tool says that something is wrong, in its own words: a path that may be absolute, relative to some folder, or of a file elsewhere. */
export type Place = { path: string; line: number };

export type Level = 'failure' | 'warning' | 'notice';

/** One thing a tool found wrong. */
export type Finding = {
  /** the most telling first, such as the frames of a stack from the innermost on */
  places: Place[];
  /** the package the file is in, for tools that name files without their folder */
  within?: string;
  level: Level;
  /** the test, or the rule */
  title?: string;
  message: string;
};

/** Reads the output of one tool. Never throws; time and result are linear in the text. Lines are short (`MAX_LINE`). */
export type Parse = (lines: readonly string[]) => Finding[];

/** Longer lines are cut before any pattern sees them. */
export const MAX_LINE = 1_000;

/** `path:line` or `path:line:column` as a place; null for anything else. */
export function placeOf(text: string): Place | null {
  const found = /^(.*?\D):(\d{1,7})(?::\d{1,7})?$/.exec(text);
  return found ? place(found[1]!, found[2]!) : null;
}

export function place(path: string, line: string): Place {
  return { path, line: Number(line) };
}

/** The place of a frame of a JavaScript stack: `at fn (path:1:2)`, `at path:1:2`, `fn (path:1:2)`. Null for other lines. */
export function framePlace(line: string): Place | null {
  const frame = line.trim();
  const inside = frame.endsWith(')') ? frame.slice(frame.lastIndexOf('(') + 1, -1) : frame.replace(/^at (async )?/, '');
  return /:\d{1,7}$/.test(inside) ? placeOf(inside) : null;
}

/** How far a line is indented. */
export function indent(line: string): number {
  const at = line.search(/\S/);
  return at === -1 ? line.length : at;
}

/** The lines from `start` to the first that `ends` them. */
export function linesUntil(lines: readonly string[], start: number, ends: (line: string) => boolean): string[] {
  let end = start;
  while (end < lines.length && !ends(lines[end]!)) end += 1;
  return lines.slice(start, end);
}

const MAX_MESSAGE_LINES = 40;

/** The first lines of a message, without blank ones and without the indentation they share. */
export function joinLines(lines: readonly string[]): string {
  const first = lines.slice(0, MAX_MESSAGE_LINES).filter((line) => line.trim() !== '');
  const shared = Math.min(...first.map(indent));
  return first
    .map((line) => line.slice(shared).trimEnd())
    .join('\n')
    .trim();
}
