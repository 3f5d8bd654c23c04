import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PgBoss, WorkOptions } from 'pg-boss';
import { Stopping, type ClaimedJob, type Jobs, type Lease, type Queue, type QueueName } from './jobs.ts';
import { underLease } from './lease.ts';
import { GROUP_CONCURRENCY } from './queues.ts';

/** How long handlers have to hand their jobs back once they are told to. */
const HAND_BACK_MS = 5_000;

export type Workers = Pick<Queue, 'work' | 'stop'> & {
  /** true from the beginning of a stop on: nothing new is begun */
  isStopping(): boolean;
};

/** The workers of this process, and what they are at. */
export function createWorkers(boss: PgBoss): Workers {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();
  const workers: { name: QueueName; id: string }[] = [];
  let draining = false;

  /** Runs a handler so that a stop can wait for it. */
  const tracked = async (work: () => Promise<void>) => {
    const running = work();
    inFlight.add(running);
    try {
      await running;
    } finally {
      inFlight.delete(running);
    }
  };

  return {
    isStopping: () => draining,
    async work(name, concurrency, handle) {
      for (let i = 0; i < concurrency; i += 1) {
        const run = (job: ClaimedJob<typeof name>) =>
          tracked(() =>
            underLease(
              () => holds(boss, name, job),
              () => handle({ ...job, signal: AbortSignal.any([job.signal, stopping.signal]) }),
            ),
          );
        workers.push({ name, id: await startWorker(boss, name, run) });
      }
    },
    async stop(graceMs) {
      draining = true;
      await Promise.all(workers.map(({ name, id }) => boss.offWork(name, { id, wait: false })));
      await settled(inFlight, graceMs);
      stopping.abort(new Stopping('This process is stopping.'));
      await settled(inFlight, HAND_BACK_MS);
      // What is left for it are its own books: it marks as done what has just been done.
      await boss.stop({ graceful: true, timeout: HAND_BACK_MS, close: true });
    },
  };
}

/** Whether a job is still that of the worker who claimed it. */
async function holds(boss: PgBoss, name: QueueName, job: Lease): Promise<boolean> {
  const text = `select 1 from pgboss.job where name = $1 and id = $2 and state = 'active' and retry_count = $3`;
  return (await boss.getDb().executeSql(text, [name, job.id, job.retry])).rows.length > 0;
}

/** Waits until nothing is in flight, or the time is up. */
async function settled(inFlight: ReadonlySet<Promise<void>>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([Promise.allSettled(inFlight), timeUp]);
  clearTimeout(timer);
}

async function startWorker<N extends QueueName>(
  boss: PgBoss,
  name: N,
  handle: (job: ClaimedJob<N>) => Promise<void>,
): Promise<string> {
  const workerId = await boss.work<Jobs[N], void, WorkOptions & { includeMetadata: true }>(
    name,
    // Retried and deferred jobs send no notification, so polling stays at a second beside it.
    {
      includeMetadata: true,
      batchSize: 1,
      pollingIntervalSeconds: 1,
      notifyPollingIntervalSeconds: 1,
      ...(GROUP_CONCURRENCY[name] ? { groupConcurrency: GROUP_CONCURRENCY[name] } : {}),
    },
    async ([job]) => {
      // PGlite answers within microtasks: without a pause a full queue would be worked off before any socket is
      // read again, and webhooks would wait for all of it.
      await nextTurn();
      try {
        const { id, retryCount: retry, priority, groupId, data, signal } = job!;
        await handle({ id, retry, priority, group: groupId ?? undefined, data, signal });
      } finally {
        // A notification came once per job; this worker may have been busy then. Look again at once.
        boss.notifyWorker(workerId);
      }
    },
  );
  return workerId;
}
