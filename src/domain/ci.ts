import type { LineComment } from './event.ts';
import { oneLine } from './text.ts';

/** A check that is not ours and has failed, with what it says. */
export type CiFinding = {
  name: string;
  said: string;
  annotations: readonly { path: string; line: number; message: string }[];
};

const MOST_NAMES = 5;
const LONGEST = { name: 100, said: 5_000, message: 2_000 };

/** What a run is asked that mends what the checks of a repository have found; and what they say, for it to heed. Pure. */
export function mendingOf(
  found: readonly CiFinding[],
  redact: (text: string) => string,
): { prompt: string; remarks: LineComment[] } {
  const names = found.map(({ name }) => oneLine(redact(name)).slice(0, LONGEST.name));
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const remarks = found.flatMap(({ said, annotations }, at): LineComment[] => {
    const author = `The check ${names[at]}`;
    const whole: LineComment[] = said.trim()
      ? [{ path: '', line: null, hunk: '', text: redact(said).slice(0, LONGEST.said), author }]
      : [];
    const lines = annotations.map(({ path, line, message }): LineComment => {
      return { path, line, hunk: '', text: redact(message).slice(0, LONGEST.message), author };
    });
    return [...whole, ...lines];
  });
  return { prompt: `Mend what the checks found: ${names.slice(0, MOST_NAMES).join(', ')}${more}`, remarks };
}
