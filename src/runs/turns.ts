import { RetryableError } from '../errors.ts';
import type { ClaimedJob, QueueName } from '../queue/jobs.ts';

const COMES_BACK_MS = 3_000;

/**
 * A handler that does one job of a group at a time, in this process. Another comes back later: each would wait for the same
 * turn to write, and meanwhile take the place of jobs that could be done.
 */
export function takingTurns<N extends QueueName>(
  handle: (job: ClaimedJob<N>) => Promise<void>,
): (job: ClaimedJob<N>) => Promise<void> {
  const atWork = new Set<string>();
  return async (job) => {
    const { group } = job;
    if (group === undefined) return handle(job);
    if (atWork.has(group)) {
      throw new RetryableError(`Another job of ${group} is at work.`, { retryAfterMs: COMES_BACK_MS });
    }
    atWork.add(group);
    try {
      await handle(job);
    } finally {
      atWork.delete(group);
    }
  };
}
