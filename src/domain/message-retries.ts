const SECOND = 1;
const MINUTE = 60;
const HOUR = 3_600;

/** Seconds from one attempt at a message to the next: nine attempts over about a day, as Standard Webhooks advises. */
const DELAYS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, 12 * HOUR] as const;

/** A receiver may ask for more patience than ours, but not for so much that the message is out of date. */
const LONGEST_WISH = 12 * HOUR;

/** This many messages given up in a row, and the endpoint is switched off. */
export const GIVEN_UP_LIMIT = 5;

export type MessageVerdict =
  | { kind: 'delivered' }
  | { kind: 'retry'; inSeconds: number }
  /** `gone`: the receiver said for good that it wants no more */
  | { kind: 'give up'; gone: boolean };

/**
 * What follows from the `attempt`th attempt (from 1) at a message. Pure but for `random` (0–1), which spreads by a
 * quarter either way what failed at the same moment.
 */
export function judgeAttempt(
  result: { status: number | null; error: string | null; retryAfterSeconds: number | null },
  attempt: number,
  random: number,
): MessageVerdict {
  if (result.error === null) return { kind: 'delivered' };
  if (result.status === 410) return { kind: 'give up', gone: true };
  const delay = DELAYS[attempt - 1];
  if (delay === undefined) return { kind: 'give up', gone: false };
  const wish = Math.min(result.retryAfterSeconds ?? 0, LONGEST_WISH);
  return { kind: 'retry', inSeconds: Math.ceil(Math.max(delay * (0.75 + random / 2), wish)) };
}
