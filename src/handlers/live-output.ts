import { z } from 'zod';
import { plainOutput } from '../domain/terminal.ts';
import type { StepContext } from './handler.ts';

/** What a step that runs a command has come to so far. */
export const OutputSoFar = z.object({ tail: z.string() });
type OutputSoFar = z.infer<typeof OutputSoFar>;

const LINES = 20;
const CHARACTERS = 8_000;
const LOOK_EVERY_MS = 5_000;

/** Lets people see the last lines of a command that takes long, until it is told to `stop`. */
export function showLive({ adapters, log, tell }: StepContext): { onOutput(chunk: string): void; stop(): void } {
  let last = '';
  const soFar = (): OutputSoFar => {
    // Whole lines only: half a secret would not be known for one.
    const start = last.length < CHARACTERS ? 0 : last.indexOf('\n') + 1;
    const whole = last.slice(start, last.lastIndexOf('\n') + 1);
    const lines = adapters.redact(plainOutput(whole)).trimEnd().split('\n');
    return { tail: lines.slice(-LINES).join('\n') };
  };
  const show = () => {
    if (last === '') return;
    tell(soFar).catch((error: unknown) => log.debug({ err: error }, 'the output so far could not be shown'));
  };
  // A command that says something and then hangs is what people want to see most.
  const timer = setInterval(show, LOOK_EVERY_MS);
  timer.unref();
  return {
    onOutput(chunk) {
      last = (last + chunk).slice(-CHARACTERS);
      show();
    },
    stop: () => clearInterval(timer),
  };
}
