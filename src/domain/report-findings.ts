import type { Annotation } from './annotations/annotations.ts';
import { code, fence, folded, plain, someLines } from './markdown.ts';
import type { GateView } from './report-view.ts';

/** What a gate found wrong, a line each: `- \`src/add.js:3\` adds numbers: expected 3`. Null where nothing is known but the output. */
export function findingList({ annotations }: GateView, most: number): string | null {
  if (annotations.length === 0) return null;
  const left = annotations.length - most;
  const lines = annotations.slice(0, most).map(findingLine);
  return someLines([...lines, ...(left > 0 ? [`- … and ${left} more`] : [])], 12_000, (more) => `- … and ${more} more`);
}

function findingLine({ path, line, level, title, message }: Annotation): string {
  const [first = ''] = message.split('\n');
  const about = title ? `${plain(title, 200)}: ` : '';
  return `- ${code(`${path}:${line}`, 300)} ${level === 'failure' ? '' : `(${level}) `}${about}${plain(first, 300)}`;
}

/** The end of a gate's output; folded away where the list above it says what is wrong. Null where there is none. */
export function outputTail(gate: GateView, limit: number): string | null {
  if (gate.tail.trim() === '') return null;
  const shown = fence(gate.tail, limit, 'text');
  return gate.annotations.length > 0 ? folded('The end of its output', shown) : shown;
}
