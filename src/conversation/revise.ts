import { findRunWithPullRequest, laneOfIssue } from '../db/runs.ts';
import type { RunOptions } from '../domain/command-options.ts';
import { UserError } from '../errors.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import type { Answer, Occasion } from './occasion.ts';
import { start } from './start.ts';

/** Changes the pull request that was asked on, or the newest that came of an issue. */
export async function revise(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  asked: { prompt: string; options: RunOptions },
): Promise<Answer> {
  const { issue, projectId } = occasion;
  if (issue.isPullRequest) return start(deps, defaults, occasion, asked);
  const run = await findRunWithPullRequest(deps.db, laneOfIssue(projectId, issue.number));
  if (!run?.pullRequest) {
    throw new UserError('No pull request came of this issue yet.', '`/nofx <what you want>` starts a run.');
  }
  const { number } = run.pullRequest;
  return start(deps, defaults, { ...occasion, issue: { ...issue, number, isPullRequest: true } }, asked);
}
