import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../errors.ts';
import type { ClaimedJob, QueueName } from '../queue/jobs.ts';

/** For how long a job waits for its turn, and when it comes back where it has waited in vain. */
const WAITS_MS = 2_000;
const COMES_BACK_MS = 3_000;

/**
 * A handler that does one job of a group at a time, in this process: each would wait for the same turn to write. The others
 * wait a little, which is enough where a writer has few; of a crowd they come back later, and do not keep a worker from
 * what it could do.
 */
export function takingTurns<N extends QueueName>(
  handle: (job: ClaimedJob<N>) => Promise<void>,
  { waitsMs = WAITS_MS } = {},
): (job: ClaimedJob<N>) => Promise<void> {
  const atWork = new Map<string, Promise<void>>();

  /** Waits for a group's turn, and takes it; gives what ends it. */
  async function takeTurn(group: string): Promise<() => void> {
    const tooLong = atWork.has(group) && sleep(waitsMs, 'too long' as const, { ref: false });
    for (let other = atWork.get(group); other !== undefined; other = atWork.get(group)) {
      const waited = await Promise.race([other, tooLong]);
      if (waited === 'too long') {
        throw new RetryableError(`Another job of ${group} is at work.`, { retryAfterMs: COMES_BACK_MS });
      }
    }
    const turn = Promise.withResolvers<void>();
    atWork.set(group, turn.promise);
    return () => {
      atWork.delete(group);
      turn.resolve();
    };
  }

  return async (job) => {
    if (job.group === undefined) return handle(job);
    const endTurn = await takeTurn(job.group);
    try {
      await handle(job);
    } finally {
      endTurn();
    }
  };
}
