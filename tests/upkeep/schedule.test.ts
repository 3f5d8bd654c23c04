import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDb, type Executor } from '../../src/db/client.ts';
import { endTurn, takeTurn } from '../../src/db/marks.ts';
import { startUpkeep, type Task } from '../../src/upkeep/schedule.ts';
import { freshDatabase, lane } from '../support/database.ts';

const log = pino({ level: 'silent' });

describe(`turns at upkeep on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  let other: Executor;
  let close = async () => {};
  beforeAll(async () => {
    fresh = await freshDatabase();
    other = fresh.db;
    if (fresh.link.kind === 'postgres') {
      const second = await openDb({ kind: 'postgres', url: fresh.link.url });
      [other, close] = [second.db, second.close];
    }
  });
  afterAll(async () => {
    await close();
    await fresh.stop();
  });

  const take = (db: Executor, name: string, by: string, early = false) =>
    takeTurn(db, name, { by, leaseMs: 60_000, firstMs: 0, early });
  const pass = (name: string, seconds: number) =>
    fresh.db
      .execute(sql`update nofx.watermark set value = jsonb_set(value, '{due}', to_jsonb((value ->> 'due')::float8 - ${seconds}::int))
      where name = ${`task ${name}`}`);

  it('are taken by one of all who ask, and not again before they are due', async () => {
    const turns = await Promise.all(
      Array.from({ length: 20 }, (_, index) => take(index % 2 ? fresh.db : other, 'one', `p${index}`)),
    );
    expect(turns.filter(({ mine }) => mine)).toHaveLength(1);
    const winner = `p${turns.findIndex(({ mine }) => mine)}`;
    await endTurn(fresh.db, 'one', winner, 600_000);
    expect(await take(other, 'one', 'late')).toMatchObject({ mine: false, waitMs: expect.any(Number) });
    await pass('one', 601);
    expect(await take(other, 'one', 'late')).toEqual({ mine: true });
  });

  it('are taken over from a process that died, once its lease is over; its late end changes nothing', async () => {
    await take(fresh.db, 'two', 'dead');
    expect((await take(other, 'two', 'heir', true)).mine).toBe(false);
    await pass('two', 61);
    expect((await take(other, 'two', 'heir')).mine).toBe(true);
    await endTurn(fresh.db, 'two', 'dead', 0);
    expect((await take(fresh.db, 'two', 'third')).mine).toBe(false);
  });

  it('may come early at a start, but not while somebody else has them', async () => {
    await take(fresh.db, 'three', 'a');
    await endTurn(fresh.db, 'three', 'a', 600_000);
    expect((await take(other, 'three', 'b')).mine).toBe(false);
    expect((await take(other, 'three', 'b', true)).mine).toBe(true);
    expect((await take(other, 'three', 'c', true)).mine).toBe(false);
  });

  it('go on after a fault, are aborted at a stop, and never overlap', async () => {
    let running = 0;
    let most = 0;
    const seen: string[] = [];
    const task = (who: string): Task => ({
      name: 'four',
      everyMs: 10,
      limitMs: 30_000,
      firstMs: 0,
      scope: 'deployment',
      async run(signal) {
        most = Math.max(most, (running += 1));
        seen.push(who);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        if (seen.length === 1) throw new Error('the first turn fails');
        // It may have been aborted before it gets here.
        if (seen.length >= 6 && !signal.aborted)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return { again: false };
      },
    });
    const both = [startUpkeep({ db: fresh.db, log }, [task('one')]), startUpkeep({ db: other, log }, [task('two')])];
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(6), { timeout: 60_000 });
    await Promise.all(both.map((one) => one.stop()));
    expect(most).toBe(1);
  }, 90_000);

  it('do not keep a process that is to stop, whatever they wait for', async () => {
    const begun = Promise.withResolvers<void>();
    const upkeep = startUpkeep({ db: fresh.db, log }, [
      {
        name: 'five',
        everyMs: 10,
        limitMs: 30_000,
        firstMs: 0,
        scope: 'deployment',
        async run() {
          begun.resolve();
          return new Promise(() => {});
        },
      },
    ]);
    await begun.promise;
    await upkeep.stop();
    expect((await take(other, 'five', 'next')).mine).toBe(true);
  });
});
