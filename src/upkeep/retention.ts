import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { deleteDeliveries, listExpiredRuns, listRunsInUse } from '../db/retention.ts';
import { deleteEndedSessions } from '../db/sessions.ts';
import type { Deps } from '../runs/deps.ts';
import { removeRun } from '../runs/remove-run.ts';

export type RetentionDays = {
  /** runs that are over, with their events and artifacts */
  runs: number;
  /** deliveries that were worked on; more than the three days in which GitHub may deliver them again */
  deliveries: number;
};

/** Rows in one statement: short enough that nobody notices. */
const BATCH = 200;
const RUNS_AT_A_TIME = 20;

/**
 * Removes what is older than it should be kept and what no unfinished run needs, and sessions that are over. In small batches,
 * each found by an index, so that its cost is that of what it removes.
 */
export async function applyRetention(
  { db, log, adapters }: Pick<Deps, 'db' | 'log' | 'adapters'>,
  days: RetentionDays,
  signal: AbortSignal,
): Promise<{ again: boolean; runs: number; deliveries: number; artifacts: number }> {
  const removed = { runs: 0, deliveries: 0, artifacts: 0 };
  const failed: string[] = [];

  while (!signal.aborted) {
    const count = await deleteDeliveries(db, { days: days.deliveries, limit: BATCH });
    removed.deliveries += count;
    if (count < BATCH) break;
    await yieldToOthers();
  }
  while (!signal.aborted && (await deleteEndedSessions(db, BATCH)) === BATCH) await yieldToOthers();
  while (!signal.aborted) {
    const skip = [...failed, ...(await listRunsInUse(db))];
    const expired = await listExpiredRuns(db, { days: days.runs, limit: RUNS_AT_A_TIME, skip });
    for (const { id } of expired) {
      if (signal.aborted) break;
      try {
        const gone = await removeRun({ db, adapters }, id);
        removed.artifacts += gone.artifacts;
        if (gone.removed) removed.runs += 1;
      } catch (error) {
        // Storage that does not answer: this run's turn comes again.
        failed.push(id);
        log.warn({ run: id, err: error }, 'an old run could not be removed; it stays for now');
        if (failed.length >= RUNS_AT_A_TIME) return { again: false, ...removed };
      }
    }
    if (expired.length < RUNS_AT_A_TIME) break;
    await yieldToOthers();
  }
  if (removed.runs + removed.deliveries > 0) log.info(removed, 'removed what was older than it is kept');
  return { again: signal.aborted, ...removed };
}
