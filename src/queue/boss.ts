import { sql } from 'drizzle-orm';
import { fromDrizzle, fromPglite, PgBoss, type OpenTelemetryOptions } from 'pg-boss';
import type { Logger } from 'pino';
import type { Database, Executor } from '../db/client.ts';

/** The jobs of NOFX. The step graph itself lives in `nofx.step`: pg-boss only leases, retries and wakes. */
export type Jobs = {
  /** an accepted webhook to act on */
  delivery: { guid: string };
  /** a step that is ready */
  step: { runId: string; stepId: string };
  /** a run whose comment and checks are to be brought up to date; one queued at a time per run */
  progress: { runId: string };
  /** a job that failed too often: its queue's data, to close what it left open */
  dead: Partial<Jobs['delivery'] & Jobs['step']>;
};
export type QueueName = keyof Jobs;

export type JobOptions = { startAfterSeconds?: number; singletonKey?: string; id?: string };

/** A claimed job. `retry` and `id` together are the lease. */
export type ClaimedJob<N extends QueueName> = {
  id: string;
  retry: number;
  data: Jobs[N];
  /** aborted when the lease is lost or the process stops */
  signal: AbortSignal;
};

export type Queue = {
  /** Adds a job as part of `tx`. A transaction is required: on its own a job can outlive what it is about. */
  enqueue<N extends QueueName>(tx: Executor, name: N, data: Jobs[N], options?: JobOptions): Promise<void>;
  /** Marks a claimed job as done as part of `tx`, so that its work and its end are one. */
  complete<N extends QueueName>(tx: Executor, name: N, job: ClaimedJob<N>): Promise<void>;
  /** Starts `concurrency` workers. A handler that throws has its job retried, later, with backoff. */
  work<N extends QueueName>(name: N, concurrency: number, handle: (job: ClaimedJob<N>) => Promise<void>): Promise<void>;
  /** Jobs waiting or running, over all queues; for tests and drains. */
  pending(): Promise<number>;
  /** Stops fetching, lets running jobs finish for up to `graceMs`, gives the rest back. */
  stop(graceMs: number): Promise<void>;
};

const MINUTE = 60;

/**
 * heartbeatSeconds 10 is the least pg-boss takes: a worker that dies is found out within about
 * eleven seconds. expireInSeconds is above every tool's own time limit, which ends a step first.
 */
const QUEUES = [
  { name: 'dead', policy: 'standard', retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 5 * MINUTE },
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
] as const;

/**
 * Starts pg-boss on the same database and makes its queues. It keeps its tables in the schema `pgboss`.
 * With a propagator a job keeps the trace it was sent in, and its handler goes on with that.
 */
export async function startQueue(
  { link }: Database,
  log: Logger,
  propagator: OpenTelemetryOptions['propagator'] | null = null,
): Promise<Queue> {
  const boss = new PgBoss({
    ...(link.kind === 'postgres'
      ? { connectionString: link.url, max: 6 }
      : { db: fromPglite(link.pglite), backend: 'pglite' as const }),
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    registerInstance: false,
    schedule: false,
    // Without a tracer provider it passes contexts on and makes no spans of its own: their errors would tell messages.
    openTelemetry: propagator ? { propagateContext: true, propagator } : { enabled: false },
  });
  boss.on('error', (error) => log.error({ err: error }, 'queue error'));
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'queue warning'));
  await boss.start();
  for (const { name, ...options } of QUEUES) {
    const queue = { ...options, notify: true };
    if (await boss.getQueue(name)) {
      const { policy: _, deadLetter: __, ...changeable } = queue as typeof queue & { deadLetter?: string };
      await boss.updateQueue(name, changeable);
    } else await boss.createQueue(name, queue);
  }
  return bindQueue(boss);
}

function bindQueue(boss: PgBoss): Queue {
  return {
    async enqueue(tx, name, data, { startAfterSeconds, singletonKey, id } = {}) {
      await boss.send(name, data, {
        db: fromDrizzle(tx, sql),
        ...(startAfterSeconds ? { startAfter: startAfterSeconds } : {}),
        ...(singletonKey ? { singletonKey } : {}),
        ...(id ? { id } : {}),
      });
    },
    async complete(tx, name, job) {
      await boss.complete(name, { id: job.id, retryCount: job.retry }, null, { db: fromDrizzle(tx, sql) });
    },
    async work(name, concurrency, handle) {
      for (let i = 0; i < concurrency; i += 1) await startWorker(boss, name, handle);
    },
    async pending() {
      // pg-boss's own counts are up to a minute old.
      const sqlText = "select count(*)::int as count from pgboss.job where state in ('created', 'retry', 'active') and name = any($1)";
      const { rows } = await boss.getDb().executeSql(sqlText, [QUEUES.map(({ name }) => name)]);
      return rows[0].count as number;
    },
    stop: (graceMs) => boss.stop({ graceful: true, timeout: graceMs, close: true }),
  };
}

async function startWorker<N extends QueueName>(
  boss: PgBoss,
  name: N,
  handle: (job: ClaimedJob<N>) => Promise<void>,
): Promise<void> {
  const workerId = await boss.work<Jobs[N], void>(
    name,
    // Retried and deferred jobs send no notification, so polling stays at a second beside it.
    { includeMetadata: true, batchSize: 1, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 },
    async ([job]) => {
      try {
        await handle({ id: job!.id, retry: job!.retryCount, data: job!.data, signal: job!.signal });
      } finally {
        // A notification came once per job; this worker may have been busy then. Look again at once.
        boss.notifyWorker(workerId);
      }
    },
  );
}
