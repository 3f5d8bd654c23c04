import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sql } from 'drizzle-orm';
import type { Database, Executor } from './client.ts';

/** Any number that is only ours. */
const ADVISORY_LOCK = 7_236_201_412;
const RETRY_MS = 100;

/**
 * Counts this process among the workers on the database until `leave`. Where it is the only one,
 * `whenAlone` runs first, before any other can join: what is marked as being worked on then is nobody's.
 * The embedded database has one process by its folder's lock. On Postgres each worker holds an
 * advisory lock, shared, on a connection of its own; a process that dies lets go of it with the connection,
 * and one that only lost its connection takes it again. Gives whether it was alone.
 */
export async function joinWorkers(
  { db, link }: Database,
  whenAlone: () => Promise<void>,
): Promise<{ alone: boolean; leave(): Promise<void> }> {
  if (link.kind === 'pglite') {
    await whenAlone();
    // It has one connection, so this keeps nobody away: it is there to be counted.
    await db.execute(sql`select pg_advisory_lock_shared(${ADVISORY_LOCK})`);
    const leave = async () => void (await db.execute(sql`select pg_advisory_unlock_shared(${ADVISORY_LOCK})`));
    return { alone: true, leave };
  }
  const { url } = link;
  let client = await connect(url);
  const { rows } = await client.query('select pg_try_advisory_lock($1) as alone', [ADVISORY_LOCK]);
  const alone: boolean = rows[0].alone;
  if (alone) await whenAlone();
  await client.query('select pg_advisory_lock_shared($1)', [ADVISORY_LOCK]);
  if (alone) await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);

  const leaving = new AbortController();
  const staying = (async () => {
    while (!leaving.signal.aborted) {
      await lost(client, leaving.signal);
      // Left while the database was away: then there is nothing to join again.
      if (!leaving.signal.aborted) client = await joinAgain(url, leaving.signal).catch(() => client);
    }
  })();
  return {
    alone,
    async leave() {
      leaving.abort();
      await staying;
      await client.end().catch(() => {});
    },
  };
}

/** How many processes are at work on the database. */
export async function countWorkers(db: Executor): Promise<number> {
  // The lock's number, as pg_locks has it: https://www.postgresql.org/docs/current/view-pg-locks.html
  const [high, low] = [Math.floor(ADVISORY_LOCK / 2 ** 32), ADVISORY_LOCK % 2 ** 32];
  const { rows } = await db.execute<{ count: number }>(sql`
    select count(distinct pid)::int as count from pg_locks
    where locktype = 'advisory' and classid = ${high} and objid = ${low} and objsubid = 1 and granted and mode = 'ShareLock'
      and database = (select oid from pg_database where datname = current_database())`);
  return rows[0]!.count;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, keepAlive: true });
  // Without a listener a connection that breaks would end the process; `lost` sees that it is gone.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Resolves when a connection has ended, or nobody waits for that any more. */
async function lost(client: pg.Client, leaving: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('end', resolve);
  leaving.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}

/**
 * With the connection this process's place among the workers is gone: the next one to start would think itself alone and
 * take away jobs that are being worked on. So it is taken again as soon as the database is there.
 */
async function joinAgain(url: string, leaving: AbortSignal): Promise<pg.Client> {
  for (;;) {
    let client: pg.Client | undefined;
    try {
      client = await connect(url);
      await client.query('select pg_advisory_lock_shared($1)', [ADVISORY_LOCK]);
      return client;
    } catch {
      await client?.end().catch(() => {});
      await sleep(RETRY_MS, undefined, { signal: leaving });
    }
  }
}
