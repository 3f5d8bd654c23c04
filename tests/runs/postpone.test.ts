import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetryableError } from '../../src/errors.ts';
import { postponing } from '../../src/runs/postpone.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`putting a job off, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  it('has it come back when GitHub said it may, at its old place among the others and with all its retries', async () => {
    const { db, queue, deps } = engine;
    await db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid: 'g' }, { priority: -7, group: 'one' }));
    const work = postponing(deps, 'delivery', async () => {
      throw new AggregateError([new RetryableError('a limit', { retryAfterMs: 60_000 })]);
    });
    await queue.work('delivery', 1, work);
    const jobs = async () => {
      const { rows } = await db.execute<
        Record<'state' | 'group', string> & Record<'priority' | 'retry' | 'seconds', number>
      >(
        sql`select state::text, priority, group_id as "group", retry_count as retry, extract(epoch from start_after - now())::float8 as seconds
          from pgboss.job where name = 'delivery' order by created_on`,
      );
      return rows;
    };
    while ((await jobs()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const [done, later] = await jobs();
    expect(done).toMatchObject({ state: 'completed' });
    expect(later).toMatchObject({ state: 'created', priority: -7, group: 'one', retry: 0 });
    expect(later!.seconds).toBeGreaterThan(50);
    expect(later!.seconds).toBeLessThanOrEqual(67);
  });
});
