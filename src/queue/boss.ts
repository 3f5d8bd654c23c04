import { sql } from 'drizzle-orm';
import { fromDrizzle, fromPglite, PgBoss, type OpenTelemetryOptions } from 'pg-boss';
import type { Logger } from 'pino';
import { connectionOptions, type Database } from '../db/client.ts';
import { deadLetters } from './dead-letters.ts';
import type { Queue } from './jobs.ts';
import { makeQueues, QUEUE_NAMES } from './queues.ts';
import { reclaim } from './reclaim.ts';
import { createWorkers } from './workers.ts';

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
  await makeQueues(boss);
  return bindQueue(boss);
}

function bindQueue(boss: PgBoss): Queue {
  const { isStopping, ...workers } = createWorkers(boss);
  return {
    ...workers,
    ...deadLetters(boss),
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
    async hasten(tx, stepId, priority) {
      // Workers look every second, also where nobody tells them.
      await tx.execute(sql`
        update pgboss.job set start_after = least(start_after, now()), priority = ${priority}
        where name = 'step' and state < 'active' and data ->> 'stepId' = ${stepId}`);
    },
    async complete(tx, name, job) {
      await boss.complete(name, { id: job.id, retryCount: job.retry }, null, { db: fromDrizzle(tx, sql) });
    },
    passOn(name, job, data, priority) {
      if (isStopping()) return null;
      return {
        free: sql`not exists (
          select from pgboss.job waiting
          where waiting.name = ${name} and waiting.state < 'active' and not waiting.blocked
            and waiting.priority >= ${priority} and waiting.start_after <= now())`,
        take: sql`update pgboss.job set data = ${JSON.stringify(data)}::jsonb
          where name = ${name} and id = ${job.id} and state = 'active' and retry_count = ${job.retry}`,
      };
    },
    isWaiting(name, singletonKey) {
      // In the words of pg-boss's index of such queues, job_i3.
      return sql`exists (
        select from pgboss.job waiting
        where waiting.name = ${name} and waiting.policy = 'stately' and waiting.state < 'active'
          and coalesce(waiting.singleton_key, '') = ${singletonKey})`;
    },
    async pending() {
      // pg-boss's own counts are up to a minute old.
      const sqlText =
        "select count(*)::int as count from pgboss.job where state in ('created', 'retry', 'active') and name = any($1)";
      const { rows } = await boss.getDb().executeSql(sqlText, [QUEUE_NAMES]);
      return rows[0].count as number;
    },
    async oldestAge(name) {
      const text = `select coalesce(extract(epoch from now() - min(start_after)), 0)::float8 as age
        from pgboss.job where name = $1 and state in ('created', 'retry') and start_after <= now()`;
      const { rows } = await boss.getDb().executeSql(text, [name]);
      return rows[0].age as number;
    },
    reclaim: () => reclaim(boss),
  };
}
