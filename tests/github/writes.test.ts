import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import { createSerial } from '../../src/github/writes.ts';

it('runs one key in order, one at a time', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([serial('k', work('a')), serial('k', work('b'))])).toEqual(['a', 'b']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('lets other keys pass', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  let release = () => {};
  const held = serial('slow', () => new Promise<void>((resolve) => (release = resolve)));
  expect(await serial('fast', async () => 1)).toBe(1);
  release();
  await held;
});

it('goes on after a failure', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  const failed = serial('k', async () => {
    throw new Error('no');
  });
  const next = serial('k', async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

it('leaves the interval between writes', async () => {
  const serial = createSerial({ minIntervalMs: 50 });
  const starts: number[] = [];
  const work = async () => void starts.push(performance.now());
  await Promise.all([serial('k', work), serial('k', work), serial('k', work)]);
  // Timers may fire up to a millisecond early; never later than asked for is not promised, so only the least is.
  for (const [i, at] of starts.slice(1).entries()) expect(at - starts[i]!).toBeGreaterThanOrEqual(49);
});

it('lets what is first go before what waits, and interrupts nothing', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  const seen: string[] = [];
  let release = () => {};
  const held = serial('k', () => new Promise<void>((resolve) => (release = resolve)));
  const note = (name: string, options?: { first: boolean }) => serial('k', async () => void seen.push(name), options);
  const rest = [
    note('report 1'),
    note('report 2'),
    note('awaited 1', { first: true }),
    note('awaited 2', { first: true }),
  ];
  expect(seen).toEqual([]);
  release();
  await Promise.all([held, ...rest]);
  expect(seen).toEqual(['awaited 1', 'awaited 2', 'report 1', 'report 2']);
});

it('lets one that waits go after each third of a crowd that goes first', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  const seen: string[] = [];
  const note = (name: string, options?: { first: boolean }) => serial('k', async () => void seen.push(name), options);
  await Promise.all([
    note('at work'),
    note('report 1'),
    note('report 2'),
    ...Array.from({ length: 8 }, () => note('awaited', { first: true })),
  ]);
  const three = ['awaited', 'awaited', 'awaited'];
  expect(seen).toEqual(['at work', ...three, 'report 1', ...three, 'report 2', 'awaited', 'awaited']);
});

it('leaves each work in the context of its caller, for traces', async () => {
  const serial = createSerial({ minIntervalMs: 0 });
  const context = new AsyncLocalStorage<string>();
  const seen = await Promise.all(
    ['a', 'b', 'c'].map((name) => context.run(name, () => serial('k', async () => context.getStore()))),
  );
  expect(seen).toEqual(['a', 'b', 'c']);
});
