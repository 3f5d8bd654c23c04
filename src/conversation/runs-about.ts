import { findLastRun, findRunOfPullRequest, laneOfIssue, listOpenRuns, type Run } from '../db/runs.ts';
import type { Deps } from '../runs/deps.ts';
import type { Occasion } from './occasion.ts';

/** The runs that an issue or a pull request is about: those that are not over, the one at work first, and the last that is. */
export async function runsAbout(
  { db }: Pick<Deps, 'db'>,
  { projectId, issue }: Pick<Occasion, 'projectId' | 'issue'>,
): Promise<{ open: Run[]; last: Run | null }> {
  const lane = laneOfIssue(projectId, issue.number);
  const open = await listOpenRuns(db, lane);
  const last = await findLastRun(db, lane);
  return { open, last: last ?? (issue.isPullRequest ? await findRunOfPullRequest(db, projectId, issue.number) : null) };
}
