import type { Executor } from '../db/client.ts';
import { lockRun, recordOnRun } from '../db/runs.ts';
import { getStep, recordOnStep, type Step } from '../db/steps.ts';
import { addCost, addUsage, type Cost, type Usage } from '../domain/pricing.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';

const LIVE_EVERY_MS = 20_000;

export type Live = {
  /** Adds to what a run and its step have spent. */
  spend(usage: Usage, cost: Cost): Promise<void>;
  /** Shows what the step has come to so far; asked for, and shown, only now and then. */
  tell(soFar: () => Record<string, unknown>): Promise<void>;
};

/** What can be seen of a step while it runs: rarely, for every look is a write to GitHub. */
export function createLive(deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs' | 'liveEveryMs'>, step: Step): Live {
  const { db, liveEveryMs = LIVE_EVERY_MS } = deps;
  let shownAt = performance.now();
  const isDue = () => performance.now() - shownAt >= liveEveryMs;
  const show = async (tx: Executor) => {
    shownAt = performance.now();
    await announce(tx, deps, step.runId, 'soon');
  };

  return {
    async spend(usage, cost) {
      await db.transaction(async (tx) => {
        // Under the lock, so that two steps that spend at once both count.
        const run = await lockRun(tx, step.runId);
        if (run === null) return;
        await recordOnRun(tx, run.id, added(run, { usage, cost }));
        const now = await getStep(tx, step.id);
        if (now) await recordOnStep(tx, step, added(now, { usage, cost }));
        if (isDue()) await show(tx);
      });
    },

    async tell(soFar) {
      if (!isDue()) return;
      shownAt = performance.now();
      await db.transaction(async (tx) => {
        const run = await lockRun(tx, step.runId);
        if (run && (await recordOnStep(tx, step, { outputs: soFar() }))) await show(tx);
      });
    },
  };
}

type Account = { usage: Usage | null; cost: Cost | null };

function added(before: Account, { usage, cost }: { usage: Usage; cost: Cost }): { usage: Usage; cost: Cost } {
  return {
    usage: before.usage ? addUsage(before.usage, usage) : usage,
    cost: before.cost ? addCost(before.cost, cost) : cost,
  };
}
