import type { PgBoss } from 'pg-boss';
import { Stopping, type ClaimedJob, type Lease, type Queue, type QueueName } from './jobs.ts';
import { underLease } from './lease.ts';
import { BATCH_SIZE } from './queues.ts';
import { startBatchWorker, startWorker, type Handle } from './worker.ts';

/** How long handlers have to hand their jobs back once they are told to. */
const HAND_BACK_MS = 5_000;

export type Workers = Pick<Queue, 'work' | 'drain' | 'stop'> & {
  /** true from the beginning of a stop on: nothing new is begun */
  isStopping(): boolean;
};

/** The workers of this process, and what they are at. */
export function createWorkers(boss: PgBoss): Workers {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();
  /** by id */
  const workers = new Map<string, QueueName>();
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

  /**
   * Starts one worker, which is enough to find whatever comes: each is woken by every job, and more would mostly look in
   * vain. While the batches of all there are take their time, one more looks, until there are `most`.
   */
  async function startBatchWorkers<N extends QueueName>(
    name: N,
    run: Handle<N>,
    { size, most }: { size: number; most: number },
  ): Promise<void> {
    let started = 0;
    let busy = 0;
    const start = async () => {
      started += 1;
      const id = await startBatchWorker(boss, name, run, { size, late });
      workers.set(id, name);
      if (draining) await boss.offWork(name, { id, wait: false });
    };
    const late = (id: string) => {
      busy += 1;
      if (busy === started && started < most && !draining) start().catch(() => (started -= 1));
      return () => {
        busy -= 1;
        if (started - busy === 1 || draining) return;
        started -= 1;
        workers.delete(id);
        void boss.offWork(name, { id, wait: false });
      };
    };
    await start();
  }

  async function drain(graceMs: number): Promise<void> {
    draining = true;
    await Promise.all([...workers].map(([id, name]) => boss.offWork(name, { id, wait: false })));
    await settled(inFlight, graceMs);
    stopping.abort(new Stopping('This process is stopping.'));
    await settled(inFlight, HAND_BACK_MS);
  }

  return {
    isStopping: () => draining,
    async work(name, concurrency, handle) {
      const run = (job: ClaimedJob<typeof name>) =>
        tracked(() =>
          underLease(
            () => holds(boss, name, job),
            () => handle({ ...job, signal: AbortSignal.any([job.signal, stopping.signal]) }),
          ),
        );
      const size = BATCH_SIZE[name];
      if (size) await startBatchWorkers(name, run, { size, most: concurrency });
      else for (let i = 0; i < concurrency; i += 1) workers.set(await startWorker(boss, name, run), name);
    },
    drain,
    async stop(graceMs) {
      await drain(graceMs);
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
