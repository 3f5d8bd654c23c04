import pg from 'pg';
import { pino } from 'pino';
import { openDb, type Database, type DatabaseOptions } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startQueue } from '../../src/queue/boss.ts';

/** The database that those of the Postgres lane are copies of. */
export const TEMPLATE_NAME = 'nofx_template';

/** An open database with every table in it and nothing else, for copying: making one takes far longer than a copy. */
export async function openTemplate(options: DatabaseOptions): Promise<Database> {
  const database = await openDb(options);
  await migrate(database);
  const queue = await startQueue(database, pino({ level: 'silent' }));
  await queue.stop(0);
  return database;
}

/** Makes a database on a Postgres server, empty unless it is to be a copy, and gives its address. */
export async function createDatabase(server: string, name: string, template?: string): Promise<string> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    await admin.query(`create database ${name}${template ? ` template ${template}` : ''}`);
  } finally {
    await admin.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
