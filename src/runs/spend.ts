import type { Executor } from '../db/client.ts';
import { getRun, lockRun, recordOnRun, type Run } from '../db/runs.ts';
import { getStep, recordSpending, type Step } from '../db/steps.ts';
import { spentToday } from '../db/spending.ts';
import { budgetLeft, type BudgetLeft } from '../domain/budget.ts';
import { addCost, addUsage, type Cost, type Usage } from '../domain/pricing.ts';

/**
 * Adds to the accounts of a run and its step, under the run's lock, so that two steps that spend at once both count.
 * Gives what is left. `also` is what is to be one with it.
 */
export async function spend(
  db: Executor,
  { id, runId }: Pick<Step, 'id' | 'runId'>,
  spent: { usage: Usage; cost: Cost },
  also: (tx: Executor) => Promise<void> = async () => {},
): Promise<BudgetLeft> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run === null) return NOTHING;
    const account = added(run, spent);
    await recordOnRun(tx, runId, account);
    const step = await getStep(tx, id);
    if (step) await recordSpending(tx, id, added(step, spent));
    await also(tx);
    return leftOf(tx, { ...run, ...account });
  });
}

function added(before: { usage: Usage | null; cost: Cost | null }, { usage, cost }: { usage: Usage; cost: Cost }) {
  return {
    usage: before.usage ? addUsage(before.usage, usage) : usage,
    cost: before.cost ? addCost(before.cost, cost) : cost,
  };
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
