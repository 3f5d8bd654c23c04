import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/client.ts';
import { openDb } from '../../src/db/client.ts';
import { together } from '../../src/db/together.ts';
import { freshDatabaseOptions, lane } from '../support/database.ts';

describe(`statements sent together, on ${lane}`, () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDb(await freshDatabaseOptions());
    await database.db.execute(sql`create table noted (what text primary key)`);
  });
  afterAll(() => database.close());

  const noted = async () =>
    (await database.db.execute<{ what: string }>(sql`select what from noted order by what`)).rows.map(
      ({ what }) => what,
    );

  it('give their results in order', async () => {
    const results = await database.db.transaction((tx) =>
      together([
        tx.execute<{ n: number }>(sql`select 1 as n`).then(({ rows }) => rows[0]!.n),
        null,
        tx.execute<{ n: number }>(sql`select 2 as n`).then(({ rows }) => rows[0]!.n),
      ]),
    );
    expect(results).toEqual([1, null, 2]);
  });

  it('never outlive their transaction: what would follow one that ended well is not done behind one that failed', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const whole = database.db.transaction((tx) => {
        const twoSteps = async () => {
          await tx.execute(sql`insert into noted values (${`first ${turn}`})`);
          for (let wait = 0; wait < turn; wait += 1) await Promise.resolve();
          await tx.execute(sql`insert into noted values (${`second ${turn}`})`);
        };
        return together([twoSteps(), tx.execute(sql`select 1 / 0`)]);
      });
      await expect(whole).rejects.toMatchObject({ cause: { code: expect.stringMatching(/22012|25P02/) } });
    }
    expect(await noted()).toEqual([]);
  });

  it('are rolled back with it, though none waits for its BEGIN', async () => {
    await expect(
      database.db.transaction(async (tx) => {
        await tx.execute(sql`insert into noted values ('begun')`);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await noted()).toEqual([]);
  });
});
