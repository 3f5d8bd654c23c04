import { expect, it } from 'vitest';
import { budgetLeft, budgetUsedUp } from '../../src/domain/budget.ts';

it.each([
  [
    'the run alone',
    { runUsd: 5, dayUsd: null },
    { runUsd: 2, dayUsd: 99 },
    { usd: 3, of: 'run', limitUsd: 5, spentUsd: 2 },
  ],
  [
    'the tighter: the day',
    { runUsd: 5, dayUsd: 10 },
    { runUsd: 2, dayUsd: 9 },
    { usd: 1, of: 'day', limitUsd: 10, spentUsd: 9 },
  ],
  [
    'the tighter: the run',
    { runUsd: 5, dayUsd: 10 },
    { runUsd: 4, dayUsd: 4 },
    { usd: 1, of: 'run', limitUsd: 5, spentUsd: 4 },
  ],
  [
    'never less than nothing',
    { runUsd: 5, dayUsd: 10 },
    { runUsd: 6, dayUsd: 11 },
    { usd: 0, of: 'run', limitUsd: 5, spentUsd: 6 },
  ],
])('%s limits', (_, limits, spent, left) => expect(budgetLeft(limits, spent)).toEqual(left));

it('says which limit it was, and who can raise it', () => {
  const left = { usd: 0, limitUsd: 2, spentUsd: 2.004 };
  expect(budgetUsedUp({ ...left, of: 'day' }, { perRunUsd: null })).toEqual({
    kind: 'budget',
    message: 'What this repository may cost in a day is used up: $2.00 of $2.00 spent by the runs of today.',
    next: 'Ask again after 00:00 UTC, or raise `budgets.per_day_usd` in `.github/nofx.yml`.',
  });
  expect(budgetUsedUp({ ...left, of: 'run' }, { perRunUsd: 2 }).next).toContain('`budgets.per_run_usd`');
  expect(budgetUsedUp({ ...left, of: 'run' }, { perRunUsd: null }).next).toContain('NOFX_MAX_COST_USD');
  expect(budgetUsedUp({ ...left, of: 'run' }, { perRunUsd: 2, assumed: true }).message).toContain(
    '$2.00 of $2.00, counted at the dearest known price, spent',
  );
  expect(budgetUsedUp({ ...left, of: 'run' }, { perRunUsd: 3 }).next).toContain('NOFX_MAX_COST_USD');
});
