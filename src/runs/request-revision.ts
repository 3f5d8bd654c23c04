import { findRunOfPullRequest } from '../db/runs.ts';
import { pullRequestTitle } from '../domain/naming.ts';
import { standardPlan } from '../domain/plan.ts';
import { isWorkBranch } from '../domain/refs.ts';
import { projectIdOf } from '../domain/project.ts';
import { UserError } from '../errors.ts';
import type { PullRequestState, RepositoryRef } from '../github/port.ts';
import { findOpened, openDemanded, type Opened, type RunDefaults, type RunDemand } from './demand.ts';
import type { Deps } from './deps.ts';
import { standOn } from './ground.ts';

/**
 * Opens a run that changes a pull request of ours: it starts from the head of its branch, and ends as one commit more
 * on it. `demand.issue` is the pull request. UserError says what is in the way.
 */
export async function requestRevision(deps: Deps, defaults: RunDefaults, demand: RunDemand): Promise<Opened> {
  const before = await findOpened(deps, demand);
  if (before) return before;
  const ground = await standOn(deps, demand);
  const pull = await ownPullRequest(deps, ground.ref, demand.issue.number);
  const { number, url, title, body, head, base } = pull;
  const reuse = demand.repeats?.reuse ?? null;
  return openDemanded(
    deps,
    defaults,
    { ...demand, issue: { number, title, body } },
    { ...ground, config: { ...ground.config, base: base.ref } },
    {
      plan: standardPlan({
        goal: pullRequestTitle({ prompt: demand.prompt }),
        prompt: demand.prompt,
        gates: ground.config.gates?.map((gate) => gate.name),
        openPr: false,
        // What was made from another head may not fit this one.
        reuse: reuse?.baseSha === head.sha ? reuse.stepId : undefined,
      }),
      source: {
        kind: 'pull request',
        issueUrl: url,
        pullRequest: { number, url, baseSha: base.sha, headSha: head.sha },
      },
      baseRef: base.ref,
      baseSha: head.sha,
      branch: head.ref,
      pullRequest: { number, url },
    },
  );
}

/** A pull request that a run of ours opened and that is still open. UserError where it is not. */
export async function ownPullRequest(
  { db, adapters }: Pick<Deps, 'db' | 'adapters'>,
  repository: RepositoryRef,
  number: number,
): Promise<PullRequestState> {
  const run = await findRunOfPullRequest(db, projectIdOf(repository), number);
  const pull = run && (await adapters.github.pullRequest(repository, number));
  if (!pull || !pull.head.ownBranch || !isWorkBranch(pull.head.ref)) {
    throw new UserError(
      'NOFX changes only pull requests that it has opened itself.',
      'Comment `/nofx …` on an issue, and it opens a new pull request.',
    );
  }
  if (!pull.open) {
    throw new UserError(
      `#${number} is closed, so nothing is changed in it any more.`,
      'Reopen it, or comment `/nofx …` on the issue for a new one.',
    );
  }
  return pull;
}
