import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDb, type Database } from '../../src/db/client.ts';
import { countWorkers, joinWorkers } from '../../src/db/presence.ts';
import { freshDatabaseOptions, lane } from '../support/database.ts';

describe.skipIf(lane !== 'postgres')('being there among the workers (Postgres only: PGlite has one process)', () => {
  let database: Database;
  beforeAll(async () => void (database = await openDb(await freshDatabaseOptions())));
  afterAll(() => database.close());

  const join = async () => {
    let first = false;
    const { alone, leave } = await joinWorkers(database, async () => void (first = true));
    expect(alone).toBe(first);
    return { alone, leave };
  };
  const connections = async () => {
    const { rows } = await database.db.execute<{ pid: number }>(
      sql`select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows.map(({ pid }) => pid);
  };

  // The server hears of the end of a connection a moment after the client.
  const nobodyThere = () => vi.waitFor(async () => expect(await connections()).toEqual([]), { timeout: 10_000 });

  it('the first is alone, who comes while others are there is not, and the last one gone leaves nobody', async () => {
    const first = await join();
    const second = await join();
    expect([first.alone, second.alone]).toEqual([true, false]);
    await first.leave();
    await second.leave();
    await nobodyThere();
    const third = await join();
    expect(third.alone).toBe(true);
    await third.leave();
    await nobodyThere();
  });

  it('a worker whose connection was cut is there again: who starts then does not take its jobs away', async () => {
    const worker = await join();
    const [before] = await connections();
    await database.db.execute(sql`select pg_terminate_backend(${before!})`);
    while ((await connections()).length === 0 || (await connections()).includes(before!))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const next = await join();
    expect(next.alone).toBe(false);
    await next.leave();
    await worker.leave();
    await nobodyThere();
  });
});

describe(`how many workers there are, on ${lane}`, () => {
  it('is told from the locks they hold', async () => {
    const database = await openDb(await freshDatabaseOptions());
    expect(await countWorkers(database.db)).toBe(0);
    const { leave } = await joinWorkers(database, async () => {});
    expect(await countWorkers(database.db)).toBe(1);
    if (lane === 'postgres') {
      const other = await joinWorkers(database, async () => {});
      expect(await countWorkers(database.db)).toBe(2);
      await other.leave();
    }
    await leave();
    await vi.waitFor(async () => expect(await countWorkers(database.db)).toBe(0), { timeout: 10_000 });
    await database.close();
  });
});
