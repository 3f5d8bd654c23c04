import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/queue/jobs.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { until } from '../support/harness.ts';

describe(`the queue on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  it('delivers a job whose transaction commits, and none whose transaction rolls back', async () => {
    const { db, queue } = fresh;
    const seen: string[] = [];
    const second = Promise.withResolvers<void>();
    await queue.work('delivery', 1, async ({ data }) => {
      seen.push(data.guid);
      if (data.guid === 'second') second.resolve();
    });
    await expect(
      db.transaction(async (tx) => {
        await queue.enqueue(tx, 'delivery', { guid: 'rolled back' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid: 'first' }));
    await db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid: 'second' }));
    await second.promise;
    expect(seen).toEqual(['first', 'second']);
  });

  it('ends a job inside the transaction that did its work', async () => {
    const { db, queue } = fresh;
    const ran = Promise.withResolvers<ClaimedJob<'step'>>();
    let times = 0;
    await queue.work('step', 1, async (job) => {
      times += 1;
      await db.transaction((tx) => queue.complete(tx, 'step', job));
      ran.resolve(job);
      throw new Error('after the end nothing is retried');
    });
    await db.transaction((tx) => queue.enqueue(tx, 'step', { runId: 'r', stepId: 's' }));
    expect(await ran.promise).toMatchObject({ retry: 0, data: { runId: 'r', stepId: 's' } });
    while ((await queue.pending()) > 0) await sleep(20);
    expect(times).toBe(1);
  });

  it('leaves sockets and timers their turn between jobs', async () => {
    const { db, queue } = fresh;
    const jobs = 40;
    await db.transaction(async (tx) => {
      for (let i = 0; i < jobs; i += 1) await queue.enqueue(tx, 'dead', {});
    });
    let turns = 0;
    let left = jobs;
    const count = () => {
      turns += 1;
      if (left > 0) setImmediate(count);
    };
    const done = Promise.withResolvers<number>();
    await queue.work('dead', 1, async () => {
      if (left === jobs) setImmediate(count);
      left -= 1;
      if (left === 0) done.resolve(turns);
    });
    expect(await done.promise).toBeGreaterThanOrEqual(jobs - 2);
  });

  it('keeps one progress job queued per run', async () => {
    const { db, queue } = fresh;
    for (let i = 0; i < 5; i += 1) {
      await db.transaction((tx) => queue.enqueue(tx, 'progress', { runId: 'r' }, { singletonKey: 'r' }));
    }
    expect(await queue.pending()).toBe(1);
  });

  it.each(['outbound', 'progress'] as const)(
    'keeps the words of what failed a job of %s, and nothing else',
    async (name) => {
      const { db, queue } = fresh;
      await db.transaction((tx) => queue.enqueue(tx, name, { runId: 'r', messageId: 'm' }));
      await queue.work(name, 1, () =>
        Promise.reject(Object.assign(new Error('odd \0 \ud83d words'), { event: 'a webhook' })),
      );
      const outputs = async () =>
        (
          await db.execute<{ output: object }>(
            sql`select output from pgboss.job where name = ${name} and state = 'retry'`,
          )
        ).rows;
      await until(async () => (await outputs()).length > 0);
      const { output } = (await outputs())[0]!;
      expect(output).toMatchObject({ message: 'odd \ufffd \ufffd words' });
      expect(JSON.stringify(output)).not.toContain('a webhook');
    },
  );
});
