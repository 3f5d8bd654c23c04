import { framePlace, indent, joinLines, linesUntil, placeOf, type Finding, type Place } from './finding.ts';

/**
 * node:test as people see it (`spec`, the default since Node 23): behind "✖ failing tests:" each failure has
 * `test at path:line:column`, its name, and the error with its stack.
 */
export function nodeSpec(lines: readonly string[]): Finding[] {
  const start = lines.findIndex((line) => /^✖ failing tests:\s*$/.test(line));
  if (start === -1) return [];
  const findings: Finding[] = [];
  let test: Place | null = null;
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.startsWith('test at ')) test = placeOf(line.slice('test at '.length));
    const name = /^\s*✖ (.+?)(?: \(\d[\d.]*ms\))?$/.exec(line)?.[1];
    if (name === undefined) continue;
    const depth = indent(line);
    const body = linesUntil(lines, at + 1, (next) => next !== '' && indent(next) <= depth);
    findings.push({ ...errorOf(body, test), level: 'failure', title: name });
    at += body.length;
    test = null;
  }
  return findings;
}

function errorOf(body: string[], test: Place | null): Pick<Finding, 'places' | 'message'> {
  const stack = body.findIndex((line) => /^\s+at /.test(line));
  const frames = stack === -1 ? [] : body.slice(stack).flatMap((line) => framePlace(line) ?? []);
  return {
    places: [...frames, ...(test ? [test] : [])],
    message: joinLines(stack === -1 ? body : body.slice(0, stack)),
  };
}
