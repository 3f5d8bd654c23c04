import type { BudgetLeft } from '../domain/budget.ts';
import { addUsage, type Cost, type Usage } from '../domain/pricing.ts';
import type { StepContext } from './handler.ts';

/**
 * The account of one model loop: turns its running totals into what each request added, booked in order, and says what
 * the loop may cost, as others of the repository have spent by then.
 */
export function createAccount(spend: StepContext['spend'], budget: BudgetLeft) {
  let booked: { usage: Usage; cost: Cost } | null = null;
  /** of this loop, when `left` was read */
  let spentUsd = 0;
  let left = budget;
  let writing = Promise.resolve();
  return {
    note(usage: Usage, cost: Cost) {
      const before = booked;
      booked = { usage, cost };
      const added = before
        ? { usage: subtractUsage(usage, before.usage), cost: subtractCost(cost, before.cost) }
        : booked;
      writing = writing.then(async () => {
        left = await spend(added.usage, added.cost);
        spentUsd = cost.cappedUsd;
      });
      // Awaited in settle(); until then a failure must not count as unhandled.
      writing.catch(() => {});
    },
    /** The most the loop may have cost at its end, in dollars. */
    cap: () => spentUsd + left.usd,
    /** Ends when everything is booked, and gives what is left. */
    settle: () => writing.then(() => left),
  };
}

function subtractUsage(total: Usage, before: Usage): Usage {
  const negated = Object.fromEntries(Object.entries(before).map(([key, value]) => [key, -value])) as Usage;
  return addUsage(total, negated);
}

function subtractCost(total: Cost, before: Cost): Cost {
  return {
    usd: total.usd === null || before.usd === null ? null : total.usd - before.usd,
    cappedUsd: total.cappedUsd - before.cappedUsd,
  };
}
