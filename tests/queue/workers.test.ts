import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, lane } from '../support/database.ts';
import { until } from '../support/harness.ts';

// `progress` is a queue whose workers take several jobs at a time.
describe(`workers that take batches, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  let begun: string[];
  let held: Map<string, PromiseWithResolvers<void>>;
  beforeEach(async () => {
    fresh = await freshDatabase();
    begun = [];
    held = new Map();
  });
  afterEach(async () => {
    for (const { resolve } of held.values()) resolve();
    await fresh.stop();
  });

  const show = (...runs: string[]) =>
    fresh.db.transaction(async (tx) => {
      for (const runId of runs) await fresh.queue.enqueue(tx, 'progress', { runId }, { singletonKey: runId });
    });
  const work = (workers: number) =>
    fresh.queue.work('progress', workers, async ({ data }) => {
      begun.push(data.runId);
      await held.get(data.runId)?.promise;
    });
  const hold = (runId: string) => held.set(runId, Promise.withResolvers<void>()).get(runId)!;
  const states = async () => {
    const { rows } = await fresh.db.execute<{ run: string; state: string }>(
      sql`select data ->> 'runId' as run, state::text from pgboss.job where name = 'progress' order by run, state`,
    );
    return rows.map(({ run, state }) => `${run} ${state}`);
  };

  it('do what waits beside one another', async () => {
    hold('a');
    hold('b');
    await show('a', 'b', 'c');
    await work(1);
    await until(() => begun.length === 3);
    expect(begun.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('keep nothing else for a job that takes its time: neither the next of its batch nor what comes', async () => {
    const slow = hold('slow');
    await show('slow', 'quick');
    await work(2);
    await until(async () => (await states()).includes('quick completed'));
    await show('quick', 'new');
    await until(() => begun.length === 4);
    expect(begun.slice(2).toSorted()).toEqual(['new', 'quick']);
    slow.resolve();
    await until(async () => (await fresh.queue.pending()) === 0);
    expect(await states()).toEqual(['new completed', 'quick completed', 'quick completed', 'slow completed']);
    // And there is one again for what comes then.
    await show('last');
    await until(async () => (await states()).includes('last completed'));
  });

  it('are as many the next time: each batch that took its time makes room again', async () => {
    await work(2);
    for (const time of [1, 2, 3, 4]) {
      const slow = hold(`slow ${time}`);
      await show(`slow ${time}`, `quick ${time}`);
      // It is settled by itself once its batch takes its time. Then what comes is found by another worker.
      await until(async () => (await states()).includes(`quick ${time} completed`));
      await show(`new ${time}`);
      await until(async () => (await states()).includes(`new ${time} completed`));
      slow.resolve();
      await until(async () => (await fresh.queue.pending()) === 0);
    }
  });

  it('are not more than was said', async () => {
    const slow = hold('slow');
    await show('slow');
    await work(1);
    await until(() => begun.length === 1);
    await show('new');
    await sleep(1_500);
    expect(begun).toEqual(['slow']);
    slow.resolve();
    await until(() => begun.length === 2);
  });

  it('have the job tried again that fails, and no other of its batch', async () => {
    await show('bad', 'good');
    await fresh.queue.work('progress', 1, async ({ data }) => {
      begun.push(data.runId);
      if (data.runId === 'bad') throw new Error('no');
    });
    await until(async () => (await states()).includes('good completed'));
    await until(async () => (await states()).includes('bad retry'));
    expect(begun.toSorted()).toEqual(['bad', 'good']);
  });

  it('hand back what is still at work when they are to stop', async () => {
    await show('slow', 'quick');
    await fresh.queue.work('progress', 2, async ({ data, signal }) => {
      begun.push(data.runId);
      if (data.runId === 'slow')
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await until(async () => (await states()).includes('quick completed'));
    await fresh.queue.stop(100);
    expect(await states()).toEqual(['quick completed', 'slow retry']);
  });
});
