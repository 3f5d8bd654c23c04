import { messageOf, RetryableError, withoutQuery } from '../errors.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import type { Deps } from './deps.ts';

type Postponable = 'delivery' | 'progress';

/**
 * A handler whose job comes back when the other side said it may, under a new job: that costs none of its retries, and
 * nobody waits on a worker's place. Faults that name no time are left to the queue's own retries.
 */
export function postponing<N extends Postponable>(
  { db, queue, log }: Pick<Deps, 'db' | 'queue' | 'log'>,
  name: N,
  handle: (job: ClaimedJob<N>) => Promise<void>,
): (job: ClaimedJob<N>) => Promise<void> {
  return async (job) => {
    try {
      await handle(job);
    } catch (error) {
      const asked = waitAskedBy(error);
      if (asked === null || job.signal.aborted) {
        log.warn(
          { queue: name, data: job.data, retry: job.retry, ...described(error) },
          'a job failed; the queue decides when it is tried again',
        );
        throw error;
      }
      // Spread a little: everything that met the same limit would come back at the same moment.
      const seconds = Math.ceil((asked / 1_000) * (1 + Math.random() / 10));
      await db.transaction(async (tx) => {
        await queue.complete(tx, name, job);
        const key = 'runId' in job.data ? { singletonKey: job.data.runId } : {};
        const { priority, group } = job;
        await queue.enqueue(tx, name, job.data, { startAfterSeconds: seconds, priority, group, ...key });
      });
      log.info({ queue: name, data: job.data, seconds, ...described(error) }, 'put off for as long as was asked');
    }
  };
}

/** What to log of an error. Not the error itself: Probot hangs the whole payload on it. */
function described(error: unknown): { reason: string; stack?: string } {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const told = withoutQuery(first);
  return { reason: messageOf(told), ...(told instanceof Error ? { stack: told.stack } : {}) };
}

/** Milliseconds that GitHub, or our own budget, asked to wait; null when this is another kind of failure. */
export function waitAskedBy(error: unknown): number | null {
  if (error instanceof RetryableError) return error.retryAfterMs ?? null;
  // Probot gathers what its handlers threw.
  if (error instanceof AggregateError) {
    const waits = error.errors.map(waitAskedBy);
    return waits.length > 0 && waits.every((wait) => wait !== null) ? Math.max(...(waits as number[])) : null;
  }
  return null;
}
