import { indent, joinLines, place, placeOf, type Finding } from './finding.ts';

const CODE = /^(?: - |: )(error|warning|message) (TS\d{3,6}): (.*)$/;

/** The TypeScript compiler: `path(line,column): error TS1: …`, or `path:line:column - error TS1: …` with `--pretty`. */
export function tsc(lines: readonly string[]): Finding[] {
  return lines.flatMap((line, at) => {
    const heading = plain(line) ?? pretty(line);
    if (heading === null) return [];
    const code = CODE.exec(heading.rest);
    if (code === null) return [];
    const more = lines.slice(at + 1, at + 1 + LONGEST);
    // What belongs to it is indented; a blank line comes before the code that is shown.
    const end = more.findIndex((next) => next.trim() === '' || indent(next) < 2);
    return [
      {
        places: [heading.place],
        level: code[1] === 'error' ? ('failure' as const) : ('warning' as const),
        title: code[2]!,
        message: [code[3]!, joinLines(more.slice(0, end === -1 ? LONGEST : end))].filter(Boolean).join('\n'),
      },
    ];
  });
}

const LONGEST = 20;

function plain(line: string) {
  const end = line.indexOf('): error TS') === -1 ? line.indexOf('): warning TS') : line.indexOf('): error TS');
  // The path itself may have parentheses.
  const start = line.lastIndexOf('(', end);
  const [number] = /^\d{1,7}(?=,\d{1,7}$)/.exec(line.slice(start + 1, Math.max(end, 0))) ?? [];
  return start > 0 && number ? { place: place(line.slice(0, start), number), rest: line.slice(end + 1) } : null;
}

function pretty(line: string) {
  const end = line.indexOf(' - error TS') === -1 ? line.indexOf(' - warning TS') : line.indexOf(' - error TS');
  const found = end > 0 ? placeOf(line.slice(0, end)) : null;
  return found && { place: found, rest: line.slice(end) };
}
