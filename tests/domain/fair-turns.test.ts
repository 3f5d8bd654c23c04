import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createArrivals, priorityOf } from '../../src/domain/fair-turns.ts';

it('begins with the highest where nothing is under way, whatever was before', () => {
  expect(priorityOf({ open: null, newest: null })).toBe(0);
  expect(priorityOf({ open: null, newest: -500 })).toBe(0);
});

it('lets a project that had none into this turn, and each other behind its own', () => {
  const open = { best: -3, worst: -200 };
  expect(priorityOf({ open, newest: null })).toBe(-3);
  expect(priorityOf({ open, newest: -200 })).toBe(-201);
  expect(priorityOf({ open, newest: -5 })).toBe(-6);
  // What it had in quieter times, or in busier ones, counts for no more than the turns there are.
  expect(priorityOf({ open, newest: 0 })).toBe(-3);
  expect(priorityOf({ open, newest: -900 })).toBe(-201);
});

/** Projects that ask for runs, as many at once as told, and again whenever they have none waiting. */
it('serves each project that waits once before any other a third time, for as long as all of them ask', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 6 }), (bursts) => {
      const line: { project: number; priority: number }[] = [];
      const newest: (number | null)[] = bursts.map(() => null);
      const ask = (project: number) => {
        const priorities = line.map(({ priority }) => priority);
        const open = line.length === 0 ? null : { best: Math.max(...priorities), worst: Math.min(...priorities) };
        const priority = priorityOf({ open, newest: newest[project]! });
        newest[project] = priority;
        line.push({ project, priority });
      };
      for (const [project, burst] of bursts.entries()) for (let run = 0; run < burst; run += 1) ask(project);
      const last = bursts.map(() => 0);
      for (let turn = 1; turn <= 60; turn += 1) {
        // As the queue does: the highest first, of those the oldest.
        const next = line.reduce((best, one) => (one.priority > best.priority ? one : best));
        line.splice(line.indexOf(next), 1);
        last[next.project] = turn;
        for (const [project, at] of last.entries())
          expect(turn - at, `${project} waits`).toBeLessThanOrEqual(2 * bursts.length);
        if (!line.some(({ project }) => project === next.project)) ask(next.project);
      }
    }),
  );
});

it('has a crowd of webhooks of one repository wait behind those that come a little later of others, in their order', () => {
  let now = Date.UTC(2026, 10);
  const arrive = createArrivals(() => now);
  const crowd = Array.from({ length: 200 }, () => arrive('large'));
  expect(crowd).toEqual(crowd.toSorted((a, b) => b - a));
  now += 500;
  expect(arrive('small')).toBeGreaterThanOrEqual(crowd[1]!);
  // They are not put off for ever: what comes once they would have come on their own goes behind them.
  now += 201_000;
  expect(arrive('other')).toBeLessThan(crowd[199]!);
  expect(arrive('large')).toBe(arrive('third'));
});

it('lets no repository fall behind for more than ten minutes', () => {
  const now = Date.UTC(2026, 10);
  const arrive = createArrivals(() => now);
  const first = arrive('large');
  for (let count = 0; count < 5_000; count += 1) arrive('large');
  expect(first - arrive('large')).toBe(600);
  expect(Math.abs(arrive('large'))).toBeLessThan(2 ** 31);
});
