import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzleNode, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { lockFolder } from './folder-lock.ts';
import { PreparingClient, preparesStatements } from './prepared.ts';
import * as schema from './schema.ts';

/** Runs queries: the database itself, or one transaction of it. Every query function takes one first. */
export type Executor = PgDatabase<NodePgQueryResultHKT, typeof schema>;

export type DatabaseOptions =
  | { kind: 'postgres'; url: string }
  /** `dir: null` keeps everything in memory; `from` starts from a dump of another one. */
  | { kind: 'pglite'; dir: string | null; from?: Blob };

export type Database = {
  db: Executor;
  /** How the queue reaches the same database. */
  link: { kind: 'postgres'; url: string } | { kind: 'pglite'; pglite: PGlite };
  close(): Promise<void>;
};

/**
 * Opens Postgres by URL, or the embedded PGlite.
 * PGlite has no lock of its own and two processes on one folder lose rows, so one is taken here:
 * UserError where another process holds it.
 */
export async function openDb(options: DatabaseOptions): Promise<Database> {
  return options.kind === 'postgres' ? openPostgres(options.url) : openPglite(options.dir, options.from);
}

/** Below the lease of a job (10 s): when that is given to another worker, no lock of the one before is in its way. */
const IDLE_IN_TRANSACTION_MS = 8_000;

/**
 * How every pool reaches Postgres. A session that stands still within a transaction, as that of a frozen process does,
 * is ended by the server. Not through a pooler in transaction mode: it would refuse to be told so.
 */
export function connectionOptions(url: string): {
  connectionString: string;
  keepAlive: true;
  keepAliveInitialDelayMillis: number;
  idle_in_transaction_session_timeout?: number;
} {
  return {
    connectionString: url,
    // A connection that a firewall dropped in silence is found out while it is idle, and not by the query that needs it.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    ...(preparesStatements(url) ? { idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS } : {}),
  };
}

function openPostgres(url: string): Database {
  const pool = new pg.Pool({
    ...connectionOptions(url),
    max: 10,
    // What is asked for together is sent together; each statement is still on its own, in its order.
    pipeline: true,
    ...(preparesStatements(url) ? { Client: PreparingClient } : {}),
  });
  // A connection that breaks is replaced by the pool, and whoever used it gets the error of their query.
  // Without listeners, on idle ones and on those in use, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return {
    db: drizzleNode(pool, { schema }) as unknown as Executor,
    link: { kind: 'postgres', url },
    close: () => pool.end(),
  };
}

async function openPglite(dir: string | null, from?: Blob): Promise<Database> {
  // Only where it is wanted: a Postgres inside the process takes its room.
  const [{ PreparingPglite }, { drizzle: drizzlePglite }] = await Promise.all([
    import('./preparing-pglite.ts'),
    import('drizzle-orm/pglite'),
  ]);
  const release = dir === null ? null : lockFolder(dir);
  const pglite = new PreparingPglite({
    // Of the 160 MB it would take nothing is gained for a database of this size.
    postgresqlconf: ['shared_buffers=16MB'],
    ...(dir === null ? {} : { dataDir: join(dir, 'pglite') }),
    ...(from ? { loadDataDir: from } : {}),
  });
  await pglite.waitReady;
  return {
    db: drizzlePglite(pglite, { schema }) as unknown as Executor,
    link: { kind: 'pglite', pglite },
    async close() {
      await pglite.close();
      release?.();
    },
  };
}
