import type { PgBoss } from 'pg-boss';
import { QUEUE_NAMES } from './queues.ts';

/** See `Queue.reclaim`. */
export async function reclaim(boss: PgBoss): Promise<number> {
  const names = [QUEUE_NAMES];
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
  for (const { name, id } of spent.rows) await boss.fail(name, id, { message: 'the process that worked on it died' });
  // The others: what pg-boss does with a job it finds abandoned, less the wait.
  const { rows } = await db.executeSql(
    `update pgboss.job set state = 'retry', start_after = now() where state = 'active' and name = any($1) returning id`,
    names,
  );
  return rows.length;
}
