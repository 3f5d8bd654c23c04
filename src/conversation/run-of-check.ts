import { findRunOfBranch, getRun, type Run } from '../db/runs.ts';
import { runOfCheck } from '../domain/checks.ts';
import type { EventCheck } from '../domain/event.ts';
import type { Deps } from '../runs/deps.ts';

/** The run behind a check run of ours, or else the newest of a branch. Null where it is not of this project. */
export async function findRunByCheck(
  { db }: Pick<Deps, 'db'>,
  projectId: string,
  { check, branch }: { check: EventCheck | null; branch: string | null },
): Promise<Run | null> {
  const runId = check && runOfCheck(check.externalId);
  const run = runId ? await getRun(db, runId) : branch === null ? null : await findRunOfBranch(db, projectId, branch);
  return run?.projectId === projectId ? run : null;
}
