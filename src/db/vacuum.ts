import { sql } from 'drizzle-orm';
import type { Executor } from './client.ts';

/**
 * Clears away what updates and deletes left behind and counts the tables anew: what Postgres does by itself (autovacuum),
 * and the embedded database, which has no process for it, never. Table by table, because meanwhile nobody else is served.
 * Gives how many it came to.
 */
export async function vacuum(db: Executor, signal: AbortSignal): Promise<number> {
  const { rows } = await db.execute<{ schema: string; name: string }>(sql`
    select schemaname as schema, relname as name from pg_stat_user_tables
    where schemaname in ('nofx', 'pgboss') order by 1, 2`);
  for (const { schema, name } of rows) {
    signal.throwIfAborted();
    await db.execute(sql`vacuum (analyze) ${sql.identifier(schema)}.${sql.identifier(name)}`);
  }
  return rows.length;
}
