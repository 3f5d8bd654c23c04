import { expect, it } from 'vitest';
import { beginOf, reportCosts } from '../../src/domain/costs.ts';

const now = new Date('2026-03-02T23:59:59Z');
const on = (day: string, projectId: string, usd: number, more = {}) => ({
  day,
  projectId,
  usd,
  runs: 1,
  unpriced: 0,
  ...more,
});

it('begins at midnight in UTC and counts today', () => {
  expect(beginOf(1, now).toISOString()).toBe('2026-03-02T00:00:00.000Z');
  expect(beginOf(3, now).toISOString()).toBe('2026-02-28T00:00:00.000Z');
});

it('divides all that was spent, also in vain, by what was merged', () => {
  const report = reportCosts(
    [
      on('2026-02-28', 'a', 2),
      on('2026-03-02', 'a', 1),
      on('2026-03-02', 'b', 5, { runs: 2, unpriced: 1 }),
      on('2026-01-01', 'a', 100),
    ],
    [{ day: '2026-03-02', projectId: 'a', merged: 2 }],
    { days: 3, now },
  );
  expect(report.total).toEqual({ usd: 8, runs: 4, unpriced: 1, merged: 2, usdPerMerged: 4 });
  expect(
    report.days.map(({ day, usd, merged, usdPerMerged, trend }) => [day, usd, merged, usdPerMerged, trend]),
  ).toEqual([
    ['2026-02-28', 2, 0, null, null],
    ['2026-03-01', 0, 0, null, null],
    ['2026-03-02', 6, 2, 3, 4],
  ]);
  expect(report.projects.map(({ projectId, usdPerMerged }) => [projectId, usdPerMerged])).toEqual([
    ['b', null],
    ['a', 1.5],
  ]);
});

it('forgets in its trend what is older than a week', () => {
  const merged = [{ day: '2026-03-02', projectId: 'a', merged: 1 }];
  const { days } = reportCosts([on('2026-02-23', 'a', 9), on('2026-02-24', 'a', 1)], merged, { days: 8, now });
  expect(days.at(-1)!.trend).toBe(1);
});
