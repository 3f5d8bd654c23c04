import { joinLines, linesUntil, placeOf, type Finding } from './finding.ts';

const HEADING = /^\s*FAIL\s+(.+)$/;
const UNHANDLED = /^⎯+ (Unhandled [\w ]+|Uncaught [\w ]+) ⎯+$/;
const RULE = /^⎯{5}/;

/** Vitest: ` FAIL  file > suite > test`, the error, and its stack as ` ❯ name path:line:column`. */
export function vitest(lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const title = (HEADING.exec(lines[at]!) ?? UNHANDLED.exec(lines[at]!))?.[1];
    if (title === undefined) continue;
    const body = linesUntil(lines, at + 1, (next) => HEADING.test(next) || RULE.test(next));
    at += body.length;
    const places = body.flatMap(framePlace);
    const end = body.findIndex((line) => /^\s*❯ /.test(line));
    // Without a stack it is another tool's FAIL, or one of several tests that failed alike.
    if (places.length === 0 || end === -1) continue;
    const name = title.includes(' > ') ? title.slice(title.indexOf(' > ') + 3) : title.replace(/ \[ .* \]$/, '');
    findings.push({ places, level: 'failure', title: name, message: joinLines(body.slice(0, end)) });
  }
  return findings;
}

function framePlace(line: string) {
  const frame = /^\s*❯ (?:.* )?(\S+:\d+:\d+)$/.exec(line)?.[1];
  return (frame && placeOf(frame)) || [];
}
