import { expect, it } from 'vitest';
import { RetryableError } from '../../src/errors.ts';
import { takingTurns } from '../../src/runs/turns.ts';

const job = (runId: string, group?: string) => ({
  id: runId,
  retry: 0,
  ...(group ? { group } : {}),
  data: { runId },
  signal: new AbortController().signal,
});

it('does one job of a group at a time, while those of other groups go on', async () => {
  const begun: string[] = [];
  const goOn = Promise.withResolvers<void>();
  const show = takingTurns<'progress'>(async ({ data }) => {
    begun.push(data.runId);
    if (data.runId === 'crowd 1') await goOn.promise;
  });
  const crowd = [show(job('crowd 1', 'crowd')), show(job('crowd 2', 'crowd')), show(job('crowd 3', 'crowd'))];
  await show(job('other', 'another'));
  await show(job('of nobody'));
  expect(begun).toEqual(['crowd 1', 'other', 'of nobody']);
  goOn.resolve();
  await Promise.all(crowd);
  expect(begun.slice(3).toSorted()).toEqual(['crowd 2', 'crowd 3']);
});

it('has those come back whose turn does not come for long, and does not count them', async () => {
  const goOn = Promise.withResolvers<void>();
  const show = takingTurns<'progress'>(() => goOn.promise, { waitsMs: 20 });
  const first = show(job('crowd 1', 'crowd'));
  const late = show(job('crowd 2', 'crowd'));
  await expect(late).rejects.toThrow(RetryableError);
  await expect(late).rejects.toMatchObject({ retryAfterMs: 3_000 });
  goOn.resolve();
  await first;
  await show(job('crowd 2', 'crowd'));
});

it('lets the next have its turn after one that failed', async () => {
  const show = takingTurns<'progress'>(async ({ data }) => {
    if (data.runId === 'bad') throw new Error('no');
  });
  const bad = show(job('bad', 'crowd'));
  const good = show(job('good', 'crowd'));
  await expect(bad).rejects.toThrow('no');
  await good;
});
