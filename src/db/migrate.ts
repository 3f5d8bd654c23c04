import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Database } from './client.ts';

export const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Any number that is only ours: processes that start together migrate one after the other. */
const ADVISORY_LOCK = 7_236_201_411;

/**
 * Brings the schema up to date, or to where the migrations of another folder lead. Safe to call from many processes at once;
 * quick when nothing is to do.
 */
export async function migrate({ link }: Pick<Database, 'link'>, folder = MIGRATIONS): Promise<void> {
  const config = { migrationsFolder: folder, migrationsSchema: 'nofx_meta' };
  if (link.kind === 'pglite') {
    // Beside a Postgres none of it need take room.
    const [pglite, migrator] = await Promise.all([import('drizzle-orm/pglite'), import('drizzle-orm/pglite/migrator')]);
    return migrator.migrate(pglite.drizzle(link.pglite), config);
  }
  // Its own connection: an advisory lock belongs to the session that took it.
  const client = new pg.Client({ connectionString: link.url });
  await client.connect();
  try {
    const db = drizzle(client);
    await db.execute(sql`select pg_advisory_lock(${ADVISORY_LOCK})`);
    await migratePostgres(db, config);
  } finally {
    await client.end();
  }
}
