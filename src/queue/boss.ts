import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type SQL } from 'drizzle-orm';
import { fromDrizzle, fromPglite, PgBoss, type JobWithMetadata, type OpenTelemetryOptions } from 'pg-boss';
import type { Logger } from 'pino';
import { connectionOptions, type Database, type Executor } from '../db/client.ts';
import { underLease } from './lease.ts';

/** The jobs of NOFX. The step graph itself lives in `nofx.step`: pg-boss only leases, retries and wakes. */
export type Jobs = {
  /** an accepted webhook to act on */
  delivery: { guid: string };
  /** a step that is ready */
  step: { runId: string; stepId: string };
  /** a run whose comment and checks are to be brought up to date; one queued at a time per run */
  progress: { runId: string };
  /** a run event to tell an endpoint of */
  outbound: { messageId: string; endpointId: string };
  /** a job that failed too often: its queue's data, to close what it left open; `reason` where we gave it up ourselves */
  dead: Partial<Jobs['delivery'] & Jobs['step'] & Jobs['outbound'] & { reason: string }>;
};
export type QueueName = keyof Jobs;

export type JobOptions = {
  startAfterSeconds?: number;
  singletonKey?: string;
  /** higher goes first; 0 unless told */
  priority?: number;
  /** With a singleton key: where such a job waits for its time already, that one becomes due now. */
  bringForward?: boolean;
  /** jobs of one group take turns where the queue says so */
  group?: string;
};

/** A claimed job. `retry` and `id` together are the lease. */
export type ClaimedJob<N extends QueueName> = {
  id: string;
  retry: number;
  data: Jobs[N];
  /** aborted when the lease is lost or the process stops */
  signal: AbortSignal;
};

/** A job that failed too often, as it lies in the queue `dead`. */
export type DeadLetter = {
  id: string;
  data: Jobs['dead'];
  /** what it was a job of; null where that is not known */
  from: 'delivery' | 'step' | null;
  /** when it was given up */
  diedAt: Date;
  /** what it left open has been closed */
  closed: boolean;
  /** the last error, in its own words */
  reason: string;
};

/** Which claim of a job is meant. */
export type Lease = Pick<ClaimedJob<QueueName>, 'id' | 'retry'>;

export type Queue = {
  /**
   * Adds a job as part of `tx`. A transaction is required: on its own a job can outlive what it is about.
   * False where one of its singleton key waits already.
   */
  enqueue<N extends QueueName>(tx: Executor, name: N, data: Jobs[N], options?: JobOptions): Promise<boolean>;
  /** Marks a claimed job as done as part of `tx`, so that its work and its end are one. */
  complete(tx: Executor, name: QueueName, job: Lease): Promise<void>;
  /**
   * How a claimed job goes on as the one for `data`, under the lease it has: no job to make, to wake a worker for and to
   * fetch. `free` is a condition: no job of at least `priority` waits, which would go first. `take` is the statement,
   * up to its conditions, which changes nothing where the lease is gone. Null where this process is stopping.
   */
  passOn<N extends QueueName>(name: N, job: Lease, data: Jobs[N], priority: number): { free: SQL; take: SQL } | null;
  /** Starts `concurrency` workers. A handler that throws has its job retried, later, with backoff. */
  work<N extends QueueName>(name: N, concurrency: number, handle: (job: ClaimedJob<N>) => Promise<void>): Promise<void>;
  /** Jobs waiting or running, over all queues; for tests and drains. */
  pending(): Promise<number>;
  /**
   * Gives every job that is active to the next worker at once, or to the dead letters when it has had
   * its retries. Only where no other process is alive: then whoever had them is gone.
   */
  reclaim(): Promise<number>;
  /** Seconds the oldest job that could run has waited; 0 when none waits. */
  oldestAge(name: QueueName): Promise<number>;
  /** The dead letters, newest last, at most `limit`. */
  listDead(limit: number): Promise<DeadLetter[]>;
  /** One dead letter; null when there is none of that id. */
  findDead(id: string): Promise<DeadLetter | null>;
  /** Takes a dead letter away as part of `tx`, once something else stands for it. */
  removeDead(tx: Executor, id: string): Promise<void>;
  /** Stops fetching, lets running jobs finish for up to `graceMs`, then has the rest handed back. */
  stop(graceMs: number): Promise<void>;
};

/** Why a job's signal was aborted: this process is stopping, and the job should be handed back. */
export class Stopping extends Error {
  override readonly name = 'Stopping';
}

const MINUTE = 60;
/** How long handlers have to hand their jobs back once they are told to. */
const HAND_BACK_MS = 5_000;

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

/** Queues whose groups take turns. Roughly: workers that fetch at the same moment do not see each other's job. */
const GROUP_CONCURRENCY: Partial<Record<QueueName, number>> = { outbound: 1 };

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
      ? { ...connectionOptions(link.url), max: 6 }
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

  const holds = async (name: QueueName, job: Lease) => {
    const text = `select 1 from pgboss.job where name = $1 and id = $2 and state = 'active' and retry_count = $3`;
    return (await boss.getDb().executeSql(text, [name, job.id, job.retry])).rows.length > 0;
  };

  return {
    async enqueue(tx, name, data, { startAfterSeconds, singletonKey, priority, bringForward, group } = {}) {
      const db = fromDrizzle(tx, sql);
      if (bringForward && singletonKey) {
        const { updated } = await boss.update(name, data, { db, singletonKey, startAfter: 0 });
        if (updated > 0) return false;
      }
      const id = await boss.send(name, data, {
        db,
        ...(startAfterSeconds ? { startAfter: startAfterSeconds } : {}),
        ...(singletonKey ? { singletonKey } : {}),
        ...(priority ? { priority } : {}),
        ...(group ? { group: { id: group } } : {}),
      });
      return id !== null;
    },
    async complete(tx, name, job) {
      await boss.complete(name, { id: job.id, retryCount: job.retry }, null, { db: fromDrizzle(tx, sql) });
    },
    passOn(name, job, data, priority) {
      if (draining) return null;
      return {
        free: sql`not exists (
          select from pgboss.job waiting
          where waiting.name = ${name} and waiting.state < 'active' and not waiting.blocked
            and waiting.priority >= ${priority} and waiting.start_after <= now())`,
        take: sql`update pgboss.job set data = ${JSON.stringify(data)}::jsonb
          where name = ${name} and id = ${job.id} and state = 'active' and retry_count = ${job.retry}`,
      };
    },
    async work(name, concurrency, handle) {
      for (let i = 0; i < concurrency; i += 1) {
        const run = (job: ClaimedJob<typeof name>) =>
          tracked(() =>
            underLease(
              () => holds(name, job),
              () => handle({ ...job, signal: AbortSignal.any([job.signal, stopping.signal]) }),
            ),
          );
        workers.push({ name, id: await startWorker(boss, name, run) });
      }
    },
    async pending() {
      // pg-boss's own counts are up to a minute old.
      const sqlText =
        "select count(*)::int as count from pgboss.job where state in ('created', 'retry', 'active') and name = any($1)";
      const { rows } = await boss.getDb().executeSql(sqlText, [QUEUES.map(({ name }) => name)]);
      return rows[0].count as number;
    },
    async oldestAge(name) {
      const text = `select coalesce(extract(epoch from now() - min(start_after)), 0)::float8 as age
        from pgboss.job where name = $1 and state in ('created', 'retry') and start_after <= now()`;
      const { rows } = await boss.getDb().executeSql(text, [name]);
      return rows[0].age as number;
    },
    async reclaim() {
      const names = [QUEUES.map(({ name }) => name)];
      const db = boss.getDb();
      // A queue with one job per state and key has no room for a second one that waits for its retry.
      await db.executeSql(
        `delete from pgboss.job j where state = 'active' and name = any($1) and exists
          (select 1 from pgboss.job o where o.name = j.name and o.singleton_key = j.singleton_key and o.state = 'retry')`,
        names,
      );
      // A job that has taken down as many processes as it may goes where pg-boss puts it: to the dead letters.
      const spent = await db.executeSql(
        `select name, id from pgboss.job where state = 'active' and retry_count >= retry_limit and name = any($1)`,
        names,
      );
      for (const { name, id } of spent.rows)
        await boss.fail(name, id, { message: 'the process that worked on it died' });
      // The others: what pg-boss does with a job it finds abandoned, less the wait.
      const { rows } = await db.executeSql(
        `update pgboss.job set state = 'retry', start_after = now() where state = 'active' and name = any($1) returning id`,
        names,
      );
      return rows.length;
    },
    async listDead(limit) {
      return (await boss.findJobs<Jobs['dead']>('dead', { limit })).map(deadLetter);
    },
    async findDead(id) {
      if (!UUID.test(id)) return null;
      const [job] = await boss.findJobs<Jobs['dead']>('dead', { id });
      return job ? deadLetter(job) : null;
    },
    async removeDead(tx, id) {
      await boss.deleteJob('dead', id, { db: fromDrizzle(tx, sql) });
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function deadLetter(job: JobWithMetadata<Jobs['dead']>): DeadLetter {
  const error = job.sourceOutput as { message?: unknown } | null;
  return {
    id: job.id,
    data: job.data,
    from: job.data.guid ? 'delivery' : job.data.stepId ? 'step' : null,
    diedAt: new Date(job.createdOn),
    closed: job.state === 'completed',
    reason: job.data.reason ?? (typeof error?.message === 'string' ? error.message : 'its worker was lost'),
  };
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
  const workerId = await boss.work<Jobs[N], void>(
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
        await handle({ id: job!.id, retry: job!.retryCount, data: job!.data, signal: job!.signal });
      } finally {
        // A notification came once per job; this worker may have been busy then. Look again at once.
        boss.notifyWorker(workerId);
      }
    },
  );
  return workerId;
}
