import type { Executor } from '../db/client.ts';
import { getRun, lockRun, recordOnRun, type Run } from '../db/runs.ts';
import { spentToday } from '../db/spending.ts';
import { budgetLeft, type BudgetLeft } from '../domain/budget.ts';
import { addCost, addUsage, type Cost, type Usage } from '../domain/pricing.ts';

/** Adds to a run's account under its lock, so that two steps that spend at once both count. Gives what is left. */
export async function spend(db: Executor, { id }: Pick<Run, 'id'>, usage: Usage, cost: Cost): Promise<BudgetLeft> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, id);
    if (run === null) return NOTHING;
    const account = {
      usage: run.usage ? addUsage(run.usage, usage) : usage,
      cost: run.cost ? addCost(run.cost, cost) : cost,
    };
    await recordOnRun(tx, id, account);
    return leftOf(tx, { ...run, ...account });
  });
}

/** What a run may still spend: of its own, and of what its repository may cost today. */
export async function readBudget(db: Executor, { id }: Pick<Run, 'id'>): Promise<BudgetLeft> {
  const run = await getRun(db, id);
  return run === null ? NOTHING : leftOf(db, run);
}

/** The run is gone. */
const NOTHING: BudgetLeft = { usd: 0, of: 'run', limitUsd: 0, spentUsd: 0 };

async function leftOf(db: Executor, run: Run): Promise<BudgetLeft> {
  const dayUsd = run.config.budgets?.perDayUsd ?? null;
  const today = dayUsd === null ? 0 : (await spentToday(db, run.projectId)).cappedUsd;
  return budgetLeft({ runUsd: run.maxCostUsd, dayUsd }, { runUsd: run.cost?.cappedUsd ?? 0, dayUsd: today });
}
