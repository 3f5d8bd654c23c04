import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openDb, type Database } from '../../src/db/client.ts';
import { migrate, MIGRATIONS } from '../../src/db/migrate.ts';
import { freshDatabaseOptions } from './database.ts';

const Journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) });
const JOURNAL = 'meta/_journal.json';

/**
 * A database as it was before a migration (`0011_writers`), to be filled with rows of that time. `migrate` brings it up to date,
 * as a newer version of NOFX does when it starts.
 */
export async function databaseBefore(
  tag: string,
): Promise<Pick<Database, 'db'> & { migrate(): Promise<void>; close(): Promise<void> }> {
  const database = await openDb(await freshDatabaseOptions({ empty: true }));
  const folder = await mkdtemp(join(tmpdir(), 'nofx-migrations-'));
  try {
    await cp(MIGRATIONS, folder, { recursive: true });
    const journal = Journal.parse(JSON.parse(await readFile(join(folder, JOURNAL), 'utf8')));
    const at = journal.entries.findIndex((entry) => entry.tag === tag);
    if (at === -1) throw new Error(`There is no migration ${tag}.`);
    await writeFile(join(folder, JOURNAL), JSON.stringify({ ...journal, entries: journal.entries.slice(0, at) }));
    await migrate(database, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { db: database.db, migrate: () => migrate(database), close: () => database.close() };
}
