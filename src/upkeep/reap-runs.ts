import { readMark, writeMark } from '../db/marks.ts';
import { listExpiredWaits } from '../db/steps.ts';
import { listOldRuns, listStuckRuns, listUntold } from '../db/reap.ts';
import { orphanedDeliveries, orphanedSteps } from '../queue/orphans.ts';
import type { Deps } from '../runs/deps.ts';
import { expireStep } from '../runs/approve.ts';
import { announce } from '../runs/announce.ts';
import { giveUpRun, repairStuckRun, requeueStep } from '../runs/repair.ts';

const DAY_MS = 24 * 3_600_000;
/** GitHub makes an incomplete check run stale after 14 days: we want to have said why before. */
export const OLDEST_RUN_MS = 13 * DAY_MS;
/** The update of an ended run has its own retries; this comes after them. */
const UNTOLD_AFTER_MS = 5 * 60_000;
const MOST = 100;

const MARK = 'told runs';

export type Reaped = {
  again: boolean;
  untold: number;
  steps: number;
  deliveries: number;
  stuck: number;
  old: number;
  expired: number;
};

/** Finds what the engine has lost sight of and puts it back on its way, and ends what has waited for a person too long. Every query reads open or recent rows only. */
export async function reapRuns(
  deps: Deps,
  signal: AbortSignal,
  { untoldAfterMs = UNTOLD_AFTER_MS } = {},
): Promise<Reaped> {
  const steps = await orphanedSteps(deps.db, { limit: MOST });
  for (const orphan of steps) await unlessAborted(signal, () => requeueStep(deps, orphan));
  const deliveries = await reapDeliveries(deps);
  const stuck = await listStuckRuns(deps.db, MOST);
  for (const id of stuck) await unlessAborted(signal, () => repairStuckRun(deps, id));
  const old = await listOldRuns(deps.db, OLDEST_RUN_MS, MOST);
  for (const id of old) await unlessAborted(signal, () => giveUpRun(deps, id, TOO_OLD));
  const expired = await listExpiredWaits(deps.db, MOST);
  for (const step of expired) await unlessAborted(signal, () => expireStep(deps, step));
  const untold = await reapUntold(deps, untoldAfterMs);
  const again = [steps, stuck, old, expired].some((found) => found.length === MOST);
  return {
    again,
    untold,
    steps: steps.length,
    deliveries,
    stuck: stuck.length,
    old: old.length,
    expired: expired.length,
  };
}

const TOO_OLD = {
  kind: 'timeout',
  message: 'The run was given up after 13 days without an end.',
  next: 'Comment `/nofx retry`.',
} as const;

async function unlessAborted(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  signal.throwIfAborted();
  await work();
}

async function reapDeliveries({ db, queue, log }: Deps): Promise<number> {
  const guids = await orphanedDeliveries(db, MOST);
  for (const guid of guids) {
    log.warn({ delivery: guid }, 'the job of a delivery was gone; it gets a new one');
    await db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid }));
  }
  return guids.length;
}

/** Ended runs whose comment and checks never got to say so: they are brought up to date once more. */
async function reapUntold(deps: Deps, olderThanMs: number): Promise<number> {
  const { db } = deps;
  const now = Date.now();
  const mark = Number((await readMark(db, MARK))?.['before'] ?? 0);
  const since = new Date(Math.max(mark, now - OLDEST_RUN_MS));
  const untold = await listUntold(db, { since, olderThanMs, limit: MOST });
  for (const run of untold) await db.transaction((tx) => announce(tx, deps, run, 'now'));
  // Up to the first of them everybody was told; the margin is for clocks that differ.
  const before = untold[0]?.endedAt.getTime() ?? now - olderThanMs - 60 * 60_000;
  await writeMark(db, MARK, { before });
  return untold.length;
}
