import type { PgBoss } from 'pg-boss';
import type { QueueName } from './jobs.ts';

const MINUTE = 60;

/**
 * heartbeatSeconds 10 is the least pg-boss takes: a worker that dies is found out within about
 * eleven seconds. expireInSeconds is above every tool's own time limit, which ends a step first.
 */
const QUEUES = [
  {
    name: 'dead',
    policy: 'standard',
    retryLimit: 5,
    retryDelay: 5,
    retryBackoff: true,
    expireInSeconds: 5 * MINUTE,
    // Closed ones stay for people to look at and to drive again.
    deleteAfterSeconds: 30 * 24 * 60 * MINUTE,
  },
  {
    name: 'delivery',
    policy: 'standard',
    retryLimit: 5,
    retryDelay: 2,
    retryBackoff: true,
    retryDelayMax: 120,
    expireInSeconds: 5 * MINUTE,
    heartbeatSeconds: 10,
    deadLetter: 'dead',
  },
  {
    name: 'step',
    policy: 'standard',
    retryLimit: 3,
    retryDelay: 1,
    retryBackoff: true,
    expireInSeconds: 90 * MINUTE,
    heartbeatSeconds: 10,
    deadLetter: 'dead',
  },
  {
    name: 'progress',
    // One queued and one running per run: updates in between are one update.
    policy: 'stately',
    retryLimit: 8,
    retryDelay: 5,
    retryBackoff: true,
    retryDelayMax: 300,
    expireInSeconds: 5 * MINUTE,
    heartbeatSeconds: 10,
  },
  {
    // Its retries after an endpoint's refusal are new jobs (outbox/deliver.ts); these are for a worker that dies.
    name: 'outbound',
    policy: 'standard',
    retryLimit: 10,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 300,
    expireInSeconds: MINUTE,
    heartbeatSeconds: 10,
    deadLetter: 'dead',
  },
] as const;

export const QUEUE_NAMES: readonly QueueName[] = QUEUES.map(({ name }) => name);

/** Queues whose groups take turns. Roughly: workers that fetch at the same moment do not see each other's job. */
export const GROUP_CONCURRENCY: Partial<Record<QueueName, number>> = { outbound: 1 };

/**
 * Queues whose workers take several jobs at a time and do them beside one another: where many wait, one look finds them all.
 * For jobs that mostly wait for others to answer.
 */
export const BATCH_SIZE: Partial<Record<QueueName, number>> = { progress: 10 };

/** How many of those workers there are in a process, at most. */
export const PROGRESS_WORKERS = 6;

/** Makes the queues that are not there, and brings those that are in line with what is said here. */
export async function makeQueues(boss: PgBoss): Promise<void> {
  for (const { name, ...options } of QUEUES) {
    const queue = { ...options, notify: true };
    if (await boss.getQueue(name)) {
      const { policy: _, deadLetter: __, ...changeable } = queue as typeof queue & { deadLetter?: string };
      await boss.updateQueue(name, changeable);
    } else await boss.createQueue(name, queue);
  }
}
