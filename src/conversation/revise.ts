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
  return start(deps, defaults, await pullRequestOf(deps, occasion), asked);
}

/** The same request, on the pull request it is about. UserError where none came of the issue. */
export async function pullRequestOf({ db }: Pick<Deps, 'db'>, occasion: Occasion): Promise<Occasion> {
  const { issue, projectId } = occasion;
  if (issue.isPullRequest) return occasion;
  const run = await findRunWithPullRequest(db, laneOfIssue(projectId, issue.number));
  if (!run?.pullRequest) {
    throw new UserError('No pull request came of this issue yet.', '`/nofx <what you want>` starts a run.');
  }
  return { ...occasion, issue: { ...issue, number: run.pullRequest.number, isPullRequest: true } };
}
