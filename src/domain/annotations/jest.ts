import { framePlace, joinLines, linesUntil, type Finding, type Place } from './finding.ts';

const HEADING = /^\s{1,4}● (.+)$/;
const FRAME_LINE = /^\s*> ?(\d{1,7}) \|/;

/** Jest: `FAIL file`, then for each test `● name`, the error, a frame of code, and the stack with paths from the root. */
export function jest(lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  let file: string | null = null;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    file = /^(?:FAIL|PASS) (?:\S+ )??(\S+\.\w+)(?: \([\d.]+ m?s\))?$/.exec(line)?.[1] ?? file;
    const title = HEADING.exec(line)?.[1];
    // `● Console` is what a test printed.
    if (title === undefined || title === 'Console') continue;
    const body = linesUntil(lines, at + 1, (next) => HEADING.test(next) || /^\S/.test(next));
    findings.push({ ...errorOf(body, file), level: 'failure', title });
    at += body.length;
  }
  return findings;
}

function errorOf(body: string[], file: string | null): Pick<Finding, 'places' | 'message'> {
  const frames = body.flatMap((line) => (/^\s+at /.test(line) ? (framePlace(line) ?? []) : []));
  const end = body.findIndex((line) => /^\s*(?:>? *\d+ \||at )/.test(line));
  return {
    places: [...frames, ...fallback(body, file)],
    message: joinLines(end === -1 ? body : body.slice(0, end)),
  };
}

/** Where no frame is in the repository: the test file, at the line that the frame of code marks. */
function fallback(body: string[], file: string | null): Place[] {
  if (file === null) return [];
  const marked = body.flatMap((line) => FRAME_LINE.exec(line)?.[1] ?? [])[0];
  return [{ path: file, line: Number(marked ?? 1) }];
}
