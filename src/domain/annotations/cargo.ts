import { joinLines, placeOf, type Finding } from './finding.ts';

const MESSAGE = /^(error|warning)(?:\[(\w+)\])?: (.+)$/;
const ARROW = /^\s*--> (\S.*)$/;
const PANIC = /^thread '(.+?)' (?:\(\d+\) )?panicked at (.+)$/;
const LONGEST = 40;

/** What rustc and clippy say (`error[E0308]: …` with `--> path:line:column` under it), and tests that panicked. */
export function cargo(lines: readonly string[]): Finding[] {
  return lines.flatMap((line, at) => {
    const said = MESSAGE.exec(line);
    const panic = said ? null : PANIC.exec(line);
    const below = said || panic ? lines.slice(at + 1, at + 1 + LONGEST) : [];
    return (said && diagnostic(said, below)) ?? (panic && panicked(panic, below)) ?? [];
  });
}

function diagnostic([, word, code, text]: RegExpExecArray, below: readonly string[]): Finding[] {
  const found = placeOf(ARROW.exec(below[0] ?? '')?.[1] ?? '');
  if (found === null) return [];
  const end = below.findIndex((line) => line.trim() === '');
  const labels = below.slice(1, end === -1 ? LONGEST : end).flatMap(labelOf);
  return [
    {
      places: [found],
      level: word === 'error' ? 'failure' : 'warning',
      ...(code ? { title: code } : {}),
      message: [text, ...labels].join('\n'),
    },
  ];
}

/** What stands behind the carets under the code that is meant. */
function labelOf(line: string): string | [] {
  const at = line.lastIndexOf('^ ');
  return at === -1 ? [] : line.slice(at + 2);
}

/** Since Rust 1.73 the message is below the place; before, it stood quoted before it. */
function panicked([, name, where]: RegExpExecArray, below: readonly string[]): Finding[] {
  const found = placeOf(where!.replace(/:$/, ''));
  const common = { level: 'failure' as const, title: name! };
  if (found && where!.endsWith(':')) {
    const end = below.findIndex((line) => line.trim() === '' || /^(note: |stack backtrace:)/.test(line));
    return [{ ...common, places: [found], message: joinLines(below.slice(0, end === -1 ? LONGEST : end)) }];
  }
  const comma = where!.lastIndexOf(', ');
  const old = placeOf(where!.slice(comma + 2));
  return old && comma > 0 ? [{ ...common, places: [old], message: where!.slice(0, comma).replace(/^'|'$/g, '') }] : [];
}
