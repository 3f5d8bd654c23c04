import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueDepths } from '../../src/queue/depth.ts';
import { freshDatabase, lane } from '../support/database.ts';

describe(`how deep the queues are, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());
  const depth = async (queue: string) => (await queueDepths(fresh.db)).find((each) => each.queue === queue);

  it('tells every queue, also an empty one', async () => {
    expect((await queueDepths(fresh.db)).map(({ queue }) => queue)).toEqual([
      'dead',
      'delivery',
      'outbound',
      'progress',
      'step',
    ]);
    expect(await depth('dead')).toEqual({ queue: 'dead', waiting: 0, deferred: 0, active: 0, oldestSeconds: 0 });
  });

  it('tells what could run, what is put off and what runs; what is done is not there', async () => {
    const { db, queue } = fresh;
    await db.transaction(async (tx) => {
      for (const stepId of ['a', 'b', 'c', 'd']) await queue.enqueue(tx, 'step', { runId: 'r', stepId });
      await queue.enqueue(tx, 'step', { runId: 'r', stepId: 'e' }, { startAfterSeconds: 600 });
    });
    await db.execute(
      sql`update pgboss.job set start_after = now() - interval '90 seconds' where data->>'stepId' = 'a'`,
    );
    await db.execute(sql`update pgboss.job set state = 'active' where data->>'stepId' = 'b'`);
    await db.execute(sql`update pgboss.job set state = 'completed' where data->>'stepId' = 'c'`);
    const found = await depth('step');
    expect(found).toMatchObject({ waiting: 2, deferred: 1, active: 1 });
    expect(found!.oldestSeconds).toBeGreaterThanOrEqual(90);
  });

  it('is read from the index of jobs that are not done, however many are', async () => {
    const { db } = fresh;
    await db.execute(sql`insert into pgboss.job (name, data, state, completed_on, policy)
      select 'step', '{}', 'completed', now(), 'standard' from generate_series(1, 20000)`);
    await db.execute(sql`analyze pgboss.job`);
    const explaining = { execute: async (query: never) => db.execute(sql`explain (format text) ${query}`) };
    const plan = (await queueDepths(explaining as never)) as unknown as Record<string, string>[];
    const lines = plan.map((row) => String(Object.values(row)[0])).join('\n');
    expect(lines).toContain('Index Only Scan using job_common_i14');
    expect(lines).not.toContain('Seq Scan on job');
  });
});
