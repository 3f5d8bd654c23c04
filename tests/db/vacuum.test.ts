import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { vacuum } from '../../src/db/vacuum.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { fillPast } from '../support/past.ts';

// On a Postgres it depends on who else is looking; there nobody asks for it.
it.runIf(lane === 'pglite')('clears away what updates left behind', async () => {
  const { db, stop } = await freshDatabase();
  await fillPast(db, 1_000);
  await db.execute(sql`update nofx.run set started_at = started_at`);
  /** What a scan of an index has to look up in the table, because nobody has said that it is not in flux. */
  const lookedUp = async () => {
    const { rows } = await db.execute<{ 'QUERY PLAN': string }>(
      sql`explain (analyze, costs off) select id from nofx.run order by created_at desc, id desc limit 500`,
    );
    return Number(/Heap Fetches: (\d+)/.exec(rows.map((row) => row['QUERY PLAN']).join('\n'))?.[1]);
  };
  expect(await lookedUp()).toBeGreaterThan(0);
  expect(await vacuum(db, new AbortController().signal)).toBeGreaterThan(10);
  expect(await lookedUp()).toBe(0);
  await stop();
});
