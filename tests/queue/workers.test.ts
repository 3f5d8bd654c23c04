import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, lane } from '../support/database.ts';

describe(`the workers on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  it('shows one run of a writer at a time, and goes on with those of others meanwhile', async () => {
    const { db, queue } = fresh;
    const begun: string[] = [];
    const other = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const show = (runId: string, group: string, priority: number) =>
      db.transaction((tx) => queue.enqueue(tx, 'progress', { runId }, { singletonKey: runId, group, priority }));
    for (const [i, runId] of ['crowd 1', 'crowd 2', 'crowd 3', 'crowd 4'].entries()) await show(runId, 'crowd', -i);
    await queue.work('progress', 1, async ({ data }) => {
      begun.push(data.runId);
      if (data.runId === 'crowd 1') await goOn.promise;
    });
    while (begun.length === 0) await sleep(10);
    await queue.work('progress', 1, async ({ data }) => {
      begun.push(data.runId);
      if (data.runId === 'other') other.resolve();
    });
    await show('other', 'another', -9);
    await other.promise;
    expect(begun).toEqual(['crowd 1', 'other']);
    goOn.resolve();
    while ((await queue.pending()) > 0) await sleep(20);
    expect(begun.slice(2).toSorted()).toEqual(['crowd 2', 'crowd 3', 'crowd 4']);
  });
});
