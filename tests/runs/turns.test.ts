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

it('does one job of a group at a time and has the others come back, while those of other groups go on', async () => {
  const begun: string[] = [];
  const goOn = Promise.withResolvers<void>();
  const show = takingTurns<'progress'>(async ({ data }) => {
    begun.push(data.runId);
    if (data.runId === 'crowd 1') await goOn.promise;
  });
  const first = show(job('crowd 1', 'crowd'));
  await expect(show(job('crowd 2', 'crowd'))).rejects.toThrow(RetryableError);
  await show(job('other', 'another'));
  await show(job('of nobody'));
  goOn.resolve();
  await first;
  await show(job('crowd 2', 'crowd'));
  expect(begun).toEqual(['crowd 1', 'other', 'of nobody', 'crowd 2']);
});

it('lets the next have its turn after one that failed', async () => {
  const show = takingTurns<'progress'>(async ({ data }) => {
    if (data.runId === 'bad') throw new Error('no');
  });
  await expect(show(job('bad', 'crowd'))).rejects.toThrow('no');
  await show(job('good', 'crowd'));
});
