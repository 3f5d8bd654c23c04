import type { Counted, Step } from '../db/steps.ts';
import { messageOf, RetryableError, UserError } from '../errors.ts';
import type { Failure } from '../domain/run.ts';

/**
 * So many attempts of a step may end in each kind of fault: at the last of them it fails. Where the other side named a time
 * to wait, waiting is what it wants and no sign that it is broken: `waits` only sees to it that after nothing but limits for
 * about a day, or many times longer where they are long, somebody is told.
 */
export const MAX_ATTEMPTS: Record<Counted, number> = { failures: 3, retries: 5, waits: 1_000 };

export type Verdict = { retryInSeconds: number; counts: Counted } | { failure: Failure };

/**
 * What to do about an error that a handler threw at an attempt of `step`. Pure but for `random` (0–1), which spreads the
 * retries of many steps that met the same fault at the same time.
 */
export function judge(error: unknown, step: Pick<Step, 'runId' | Counted>, random: number): Verdict {
  if (error instanceof UserError) {
    return { failure: { kind: error.kind, message: error.message, next: error.next } };
  }
  const counts = kindOf(error);
  const nth = step[counts] + 1;
  if (nth < MAX_ATTEMPTS[counts]) {
    const backoff = Math.min(2 ** nth, 120) * (0.5 + random / 2);
    const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) / 1000 : 0;
    return { retryInSeconds: Math.ceil(Math.max(backoff, asked * (1 + random / 10))), counts };
  }
  if (error instanceof RetryableError) {
    return {
      failure: {
        kind: 'rate_limit',
        message: `${error.message} It was tried ${nth} times.`,
        next: 'Wait a while, then comment `/nofx retry`.',
      },
    };
  }
  if (isOutOfRoom(error)) {
    return {
      failure: {
        kind: 'internal',
        message: 'The server that NOFX runs on has no room left on its disk.',
        next: `Tell whoever runs this NOFX (run ${step.runId}); once there is room, comment \`/nofx retry\`.`,
      },
    };
  }
  return {
    failure: {
      kind: 'internal',
      message: `NOFX itself failed: ${messageOf(error)}`,
      next: `Comment \`/nofx retry\`; if it happens again, report the run ${step.runId} to whoever runs this NOFX.`,
    },
  };
}

function kindOf(error: unknown): Counted {
  if (!(error instanceof RetryableError)) return 'failures';
  return error.retryAfterMs === undefined ? 'retries' : 'waits';
}

/** ENOSPC and EDQUOT: from Node by code, from git and other programs in their own words. */
function isOutOfRoom(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (/no space left on device|disk quota exceeded/i.test(messageOf(at))) return true;
  }
  return false;
}
