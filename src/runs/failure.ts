import { messageOf, RetryableError, UserError } from '../errors.ts';
import type { Failure } from '../domain/run.ts';

/**
 * A step is tried at most this often before a fault that time might mend is called a failure. Where the other side named a
 * time to wait (`asked`), waiting is what it wants and no sign that it is broken.
 */
export const MAX_ATTEMPTS = { asked: 30, retryable: 5, internal: 3 } as const;

export type Verdict = { retryInSeconds: number } | { failure: Failure };

/**
 * What to do about an error a handler threw. Pure but for `random` (0–1), which spreads the retries of
 * many steps that met the same fault at the same time.
 */
export function judge(error: unknown, attempt: number, runId: string, random: number): Verdict {
  if (error instanceof UserError) {
    return { failure: { kind: error.kind, message: error.message, next: error.next } };
  }
  const limit =
    MAX_ATTEMPTS[
      !(error instanceof RetryableError) ? 'internal' : error.retryAfterMs === undefined ? 'retryable' : 'asked'
    ];
  if (attempt < limit) {
    const backoff = Math.min(2 ** attempt, 120) * (0.5 + random / 2);
    const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) / 1000 : 0;
    return { retryInSeconds: Math.ceil(Math.max(backoff, asked * (1 + random / 10))) };
  }
  if (error instanceof RetryableError) {
    return {
      failure: {
        kind: 'rate_limit',
        message: `${error.message} It was tried ${attempt} times.`,
        next: 'Wait a while, then comment `/nofx retry`.',
      },
    };
  }
  if (isOutOfRoom(error)) {
    return {
      failure: {
        kind: 'internal',
        message: 'The server that NOFX runs on has no room left on its disk.',
        next: `Tell whoever runs this NOFX (run ${runId}); once there is room, comment \`/nofx retry\`.`,
      },
    };
  }
  return {
    failure: {
      kind: 'internal',
      message: `NOFX itself failed: ${messageOf(error)}`,
      next: `Comment \`/nofx retry\`; if it happens again, report the run ${runId} to whoever runs this NOFX.`,
    },
  };
}

/** ENOSPC and EDQUOT: from Node by code, from git and other programs in their own words. */
function isOutOfRoom(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (/no space left on device|disk quota exceeded/i.test(at.message)) return true;
  }
  return false;
}
