import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { openDb } from '../../src/db/client.ts';
import { preparesStatements } from '../../src/db/prepared.ts';
import { freshDatabaseOptions, lane } from '../support/database.ts';

it('does not prepare anything behind a pooler in transaction mode', () => {
  expect(preparesStatements('postgres://u:p@db.example:5432/nofx')).toBe(true);
  expect(preparesStatements('postgres://u:p@db.example:6543/nofx?pgbouncer=true')).toBe(false);
});

describe.skipIf(lane === 'pglite')('the statements of a connection to Postgres', () => {
  /** How many statements the connection has prepared after `work`, in a transaction, so that it is one connection. */
  const preparedBy = async (parameter: string, work: (query: (text: string) => Promise<unknown>) => Promise<void>) => {
    const options = await freshDatabaseOptions();
    if (options.kind !== 'postgres') throw new Error('not the Postgres lane');
    const { db, close } = await openDb({ kind: 'postgres', url: `${options.url}${parameter}` });
    try {
      return await db.transaction(async (tx) => {
        await work((text) => tx.execute(sql.raw(text)));
        const { rows } = await tx.execute<{ count: number }>(
          sql`select count(*)::int as count from pg_prepared_statements where statement like '%as asked%'`,
        );
        return rows[0]!.count - 1; // itself
      });
    } finally {
      await close();
    }
  };

  it('are prepared once each, however often they are sent', async () => {
    const prepared = await preparedBy('', async (query) => {
      for (let turn = 0; turn < 3; turn += 1) await query('select 1 as asked');
      await query('select 2 as asked');
    });
    expect(prepared).toBe(2);
  });

  it('are kept up to a number', async () => {
    const prepared = await preparedBy('', async (query) => {
      for (let n = 0; n < 250; n += 1) await query(`select ${n} as asked`);
    });
    expect(prepared).toBeGreaterThan(100);
    expect(prepared).toBeLessThanOrEqual(200);
  });

  it('are not prepared where the URL says so', async () => {
    const prepared = await preparedBy('?pgbouncer=true', async (query) => void (await query('select 1 as asked')));
    expect(prepared).toBeLessThanOrEqual(0);
  });
});
