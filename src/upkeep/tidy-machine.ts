import { knownRuns, projectsAtWork } from '../db/reap.ts';
import type { Deps } from '../runs/deps.ts';

const HOUR_MS = 3_600_000;
export const MIRROR_DAYS = 30;

/** Removes from this machine's disk what no unfinished run needs: checkouts, mirrors, temporary folders, old artifacts. */
export async function tidyMachine(
  { db, log, adapters }: Pick<Deps, 'db' | 'log' | 'adapters'>,
  { retentionDays }: { retentionDays: number },
  signal: AbortSignal,
): Promise<{ again: boolean; removed: number }> {
  const unfinished = async (ids: string[]) => {
    const known = await knownRuns(db, ids);
    return new Set(ids.filter((id) => known.get(id)?.ended === false));
  };
  const removed = await adapters.workspaces.tidy({
    inUse: unfinished,
    projectsInUse: () => projectsAtWork(db),
    checkoutsAfterMs: HOUR_MS,
    mirrorsAfterMs: MIRROR_DAYS * 24 * HOUR_MS,
    // The longest step takes an hour and a half.
    temporaryAfterMs: 3 * HOUR_MS,
    signal,
  });
  // A run that was removed by another machine leaves its bytes here.
  const known = async (ids: string[]) => new Set((await knownRuns(db, ids)).keys());
  removed.push(...(await adapters.artifacts.tidy({ known, olderThanMs: retentionDays * 24 * HOUR_MS, signal })));
  if (removed.length > 0)
    log.info({ removed: removed.length, first: removed.slice(0, 20) }, 'removed what no run needs from this disk');
  return { again: false, removed: removed.length };
}
