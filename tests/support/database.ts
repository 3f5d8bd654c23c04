import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { pino } from 'pino';
import { openDb, type Database, type DatabaseOptions } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startQueue } from '../../src/queue/boss.ts';
import type { Queue } from '../../src/queue/jobs.ts';
import { createDatabase, TEMPLATE_NAME } from './template.ts';

/** The address of the Postgres the tests run on; absent in the PGlite lane. Set by the lane's global set-up. */
const SERVER = process.env['NOFX_TEST_POSTGRES_URL'];

/** A database of the PGlite lane with all tables in it, for loading. */
const TEMPLATE = process.env['NOFX_TEST_PGLITE_TEMPLATE'];

export const lane: 'postgres' | 'pglite' = SERVER ? 'postgres' : 'pglite';

/** A fresh database of this lane: an own one on the Postgres server, or a PGlite in memory; with all tables unless `empty`. */
export async function freshDatabaseOptions({ empty = false } = {}): Promise<DatabaseOptions> {
  if (!SERVER) return { kind: 'pglite', dir: null, from: TEMPLATE && !empty ? await openAsBlob(TEMPLATE) : undefined };
  const name = `nofx_${randomBytes(6).toString('hex')}`;
  return { kind: 'postgres', url: await createDatabase(SERVER, name, empty ? undefined : TEMPLATE_NAME) };
}

/** Opened and migrated, with the queue on it; one of this lane unless told. */
export async function freshDatabase(
  options?: DatabaseOptions,
): Promise<Database & { queue: Queue; stop(): Promise<void> }> {
  const database = await openDb(options ?? (await freshDatabaseOptions()));
  await migrate(database);
  const queue = await startQueue(database, pino({ level: 'silent' }));
  return {
    ...database,
    queue,
    async stop() {
      await queue.stop(1_000);
      await database.close();
    },
  };
}
