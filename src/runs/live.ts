import type { Executor } from '../db/client.ts';
import { lockRun, type Run } from '../db/runs.ts';
import { noteOutputs, type Step } from '../db/steps.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';

const LIVE_EVERY_MS = 20_000;
/** What is only noted, for the page of the run, costs nothing at GitHub. */
const NOTE_EVERY_MS = 3_000;

export type Live = {
  /** Has the run shown as it is now, as part of a transaction that holds its lock, unless it was a moment ago. */
  look(tx: Executor): Promise<void>;
  /** Notes what the step has come to so far, and now and then has it shown; does nothing, and asks nothing, where it was a moment ago. */
  tell(soFar: () => Record<string, unknown>): Promise<void>;
};

/** What can be seen of a step while it runs: on its page soon, on GitHub rarely, for every look there is a write. */
export function createLive(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs' | 'liveEveryMs'>,
  { run, step }: { run: Pick<Run, 'id' | 'priority' | 'writer'>; step: Pick<Step, 'id' | 'attempt'> },
): Live {
  const { db, liveEveryMs = LIVE_EVERY_MS } = deps;
  const noteEveryMs = Math.min(NOTE_EVERY_MS, liveEveryMs);
  let shownAt = performance.now();
  let notedAt = shownAt;
  const isDue = () => performance.now() - shownAt >= liveEveryMs;
  const show = async (tx: Executor) => {
    shownAt = performance.now();
    await announce(tx, deps, run, 'soon');
  };

  return {
    async look(tx) {
      if (isDue()) await show(tx);
    },
    async tell(soFar) {
      if (performance.now() - notedAt < noteEveryMs) return;
      // Not twice while this one is on its way.
      notedAt = performance.now();
      await db.transaction(async (tx) => {
        const locked = await lockRun(tx, run.id);
        if (locked && (await noteOutputs(tx, step, soFar())) && isDue()) await show(tx);
      });
    },
  };
}
