import pg from 'pg';
import type { Database } from './client.ts';

/** Any number that is only ours. */
const ADVISORY_LOCK = 7_236_201_412;

/**
 * Counts this process among the workers on the database until `leave`. Where it is the only one,
 * `whenAlone` runs first, before any other can join: what is marked as being worked on then is nobody's.
 * The embedded database has one process by its folder's lock. On Postgres each worker holds an
 * advisory lock, shared, on a connection of its own; a process that dies lets go of it with the connection.
 */
export async function joinWorkers(
  { link }: Database,
  whenAlone: () => Promise<void>,
): Promise<{ leave(): Promise<void> }> {
  if (link.kind === 'pglite') {
    await whenAlone();
    return { leave: async () => {} };
  }
  const client = new pg.Client({ connectionString: link.url, keepAlive: true });
  // Losing it costs no more than a needless reclaim later, and fences make that harmless.
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('select pg_try_advisory_lock($1) as alone', [ADVISORY_LOCK]);
  const alone: boolean = rows[0].alone;
  if (alone) await whenAlone();
  await client.query('select pg_advisory_lock_shared($1)', [ADVISORY_LOCK]);
  if (alone) await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);
  return { leave: () => client.end().catch(() => {}) };
}
