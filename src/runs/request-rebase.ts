import { findRunOfPullRequest } from '../db/runs.ts';
import { projectIdOf } from '../domain/project.ts';
import { UserError } from '../errors.ts';
import { findOpened, openDemanded, type Opened, type RunDefaults, type RunDemand } from './demand.ts';
import type { Deps } from './deps.ts';
import { standOn } from './ground.ts';
import { ownPullRequest } from './request-revision.ts';
import { viewOf } from './view.ts';

/**
 * Opens a run that brings a pull request of ours up to date with its base. `demand.issue` is the pull request; its prompt
 * is ours to say. UserError says what is in the way, also that there is nothing to do.
 */
export async function requestRebase(
  deps: Deps,
  defaults: RunDefaults,
  demand: Omit<RunDemand, 'prompt'>,
): Promise<Opened> {
  const before = await findOpened(deps, { ...demand, prompt: '' });
  if (before) return before;
  const ground = await standOn(deps, demand);
  const { number, url, title, body, head, base } = await ownPullRequest(deps, ground.ref, demand.issue.number);
  const { behind, ancestor, baseSha, authors } = await deps.adapters.github.compare(ground.ref, base.ref, head.ref);
  if (behind === 0) {
    throw new UserError(
      `#${number} has everything that ${base.ref} has, so there is nothing to bring up to date.`,
      '`/nofx <what to change>` changes it.',
    );
  }
  const prompt = `Bring #${number} up to date with ${base.ref}.`;
  const opener = await findRunOfPullRequest(deps.db, projectIdOf(ground.ref), number);
  const summary = opener ? (await viewOf(deps.db, opener)).summary : '';
  return openDemanded(
    deps,
    defaults,
    { ...demand, prompt, issue: { number, title, body } },
    { ...ground, config: { ...ground.config, base: base.ref } },
    {
      plan: {
        goal: prompt,
        steps: [
          {
            name: 'rebase',
            tool: 'rebase',
            inputs: { ancestor, rewrite: authors.every(({ ours }) => ours), summary },
            secrets_scope: 'github',
          },
        ],
      },
      source: {
        kind: 'pull request',
        issueUrl: url,
        pullRequest: { number, url, baseSha, headSha: head.sha, rebase: true },
      },
      baseRef: base.ref,
      baseSha,
      branch: head.ref,
      pullRequest: { number, url },
    },
  );
}
