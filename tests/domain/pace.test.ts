import { expect, it } from 'vitest';
import { progressPaceMs } from '../../src/domain/pace.ts';

it.each([
  [0, 0, 2_000],
  [0.49, 0.1, 2_000],
  [0.5, 0.1, 10_000],
  [0.1, 0.8, 30_000],
  [1, 0.2, 120_000],
  [0, 0.95, 120_000],
])('with %s of the minute and %s of the hour used, a run is shown every %s ms at most', (minute, hour, expected) => {
  expect(progressPaceMs({ minute, hour }, 2_000)).toBe(expected);
});
