import { REPO_CONFIG_PATH } from './repo-config.ts';
import type { Failure } from './run.ts';

/** What may still be spent, in dollars, and which of the limits says so. */
export type BudgetLeft = {
  usd: number;
  of: 'run' | 'day';
  limitUsd: number;
  spentUsd: number;
};

/** What a run may cost, and what all runs of its repository that were opened on one day (UTC) may; null: no limit. */
export type BudgetLimits = { runUsd: number; dayUsd: number | null };

/** The tighter of the two limits. Pure. */
export function budgetLeft(limits: BudgetLimits, spent: { runUsd: number; dayUsd: number }): BudgetLeft {
  const ofRun = left('run', limits.runUsd, spent.runUsd);
  if (limits.dayUsd === null) return ofRun;
  const ofDay = left('day', limits.dayUsd, spent.dayUsd);
  return ofDay.usd < ofRun.usd ? ofDay : ofRun;
}

function left(of: BudgetLeft['of'], limitUsd: number, spentUsd: number): BudgetLeft {
  return { usd: Math.max(0, limitUsd - spentUsd), of, limitUsd, spentUsd };
}

/**
 * That the money is used up, in words for the person who asked. `perRunUsd` is the repository's own limit, if it has one;
 * `assumed`: the model's price is not known, and the dearest known one was counted.
 */
export function budgetUsedUp(
  { of, limitUsd, spentUsd }: BudgetLeft,
  { perRunUsd, assumed = false }: { perRunUsd: number | null; assumed?: boolean },
): Failure {
  const how = assumed ? ', counted at the dearest known price,' : '';
  const spent = `$${spentUsd.toFixed(2)} of $${limitUsd.toFixed(2)}${how} spent`;
  if (of === 'day') {
    return {
      kind: 'budget',
      message: `What this repository may cost in a day is used up: ${spent} by the runs of today.`,
      next: `Ask again after 00:00 UTC, or raise \`budgets.per_day_usd\` in \`${REPO_CONFIG_PATH}\`.`,
    };
  }
  const ours = perRunUsd !== null && perRunUsd <= limitUsd;
  return {
    kind: 'budget',
    message: `What a run may cost is used up: ${spent}.`,
    next: ours
      ? `Ask for less at once, or raise \`budgets.per_run_usd\` in \`${REPO_CONFIG_PATH}\`.`
      : 'Ask for less at once. Whoever runs this NOFX can raise NOFX_MAX_COST_USD.',
  };
}
