import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertLease, LeaseLost } from '../../src/queue/lease.ts';
import { freshDatabase, lane } from '../support/database.ts';

describe(`the lease of a job, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  it('is asked for at the last moment: whoever wakes up without it is stopped there', async () => {
    const { db, queue } = fresh;
    const seen: unknown[] = [];
    const over = Promise.withResolvers<void>();
    await queue.work('delivery', 1, async ({ id }) => {
      seen.push(await assertLease());
      // As the supervisor does with a job whose worker is not heard of, and another worker after it.
      await db.execute(sql`update pgboss.job set retry_count = retry_count + 1 where id = ${id}`);
      seen.push(await assertLease().catch((error: unknown) => error));
      over.resolve();
    });
    await db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid: 'g' }));
    await over.promise;
    expect(seen).toEqual([undefined, expect.any(LeaseLost)]);
  });

  it('is nobody’s outside of a job', async () => {
    await expect(assertLease()).resolves.toBeUndefined();
  });
});
