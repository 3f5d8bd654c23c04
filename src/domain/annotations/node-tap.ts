import { framePlace, indent, joinLines, placeOf, type Finding } from './finding.ts';

/** TAP with a YAML block behind each `not ok`, as node:test and node-tap write it: https://testanything.org/tap-version-14-specification.html */
export function nodeTap(lines: readonly string[]): Finding[] {
  return lines.flatMap((line, at) => {
    const failed = /^\s*not ok \d+(?: - (.*))?$/.exec(line);
    if (!failed || /\s# (todo|skip)\b/i.test(line) || lines[at + 1]?.trim() !== '---') return [];
    const block = blockOf(lines, at + 2);
    // A suite fails because a test in it did, and that one has told already.
    if (block.get('failureType')?.[0] === 'subtestsFailed') return [];
    const frames = (block.get('stack') ?? []).flatMap((frame) => framePlace(frame) ?? []);
    const named = ['location', 'at'].flatMap((key) => placeOf(block.get(key)?.[0] ?? '') ?? []);
    const message = joinLines(block.get('error') ?? block.get('message') ?? []);
    return [{ places: [...frames, ...named], level: 'failure' as const, title: failed[1] ?? 'a test', message }];
  });
}

/** The keys of a block with their lines: of a plain or quoted value one, of a block value (`|-`) all. */
function blockOf(lines: readonly string[], from: number): Map<string, string[]> {
  const depth = indent(lines[from] ?? '');
  const values = new Map<string, string[]>();
  let current: string[] = [];
  if (depth === 0) return values;
  for (const line of lines.slice(from, from + LONGEST_BLOCK)) {
    if (line.trim() === '...' || (line !== '' && indent(line) < depth)) break;
    const key = indent(line) === depth ? /^\s*([\w-]+):(?: (.*))?$/.exec(line) : null;
    if (key) {
      const value = unquoted(key[2] ?? '');
      current = /^[|>][-+]?$/.test(value) ? [] : [value];
      values.set(key[1]!, current);
    } else current.push(line);
  }
  return values;
}

/** A block that never ends is no reason to read the rest of the output once for every test. */
const LONGEST_BLOCK = 200;

function unquoted(value: string): string {
  return /^'.*'$|^".*"$/.test(value) ? value.slice(1, -1).replaceAll("''", "'").replaceAll('\\"', '"') : value;
}
