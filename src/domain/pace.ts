/** How much of what an installation may write to GitHub is used up, each from 0 to 1. */
export type BudgetUse = { minute: number; hour: number };

/**
 * From which share of the budget on a run that goes on is shown how many times as rarely. What is left is for what
 * people wait for: that a run was opened, how it ended, and its pull request.
 */
const SLOWER: readonly { from: number; times: number }[] = [
  { from: 0.9, times: 60 },
  { from: 0.75, times: 15 },
  { from: 0.5, times: 5 },
];

/**
 * The time between two updates of a run that goes on, where `everyMs` is the least. The budget is shared by all runs of
 * an installation, so the more of them there are, the slower each.
 */
export function progressPaceMs({ minute, hour }: BudgetUse, everyMs: number): number {
  const used = Math.max(minute, hour);
  return everyMs * (SLOWER.find(({ from }) => used >= from)?.times ?? 1);
}
