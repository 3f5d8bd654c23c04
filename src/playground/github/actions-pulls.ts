import { addIssue } from './actions-issues.ts';
import { updatePullRef } from './actions-branches.ts';
import { commitsBetween } from './git-diff.ts';
import { invalid } from './respond.ts';
import { fullPullShape } from './shape-pulls.ts';
import type { Account, Pull, Repository } from './types.ts';
import type { World } from './world.ts';

type Input = {
  head: string;
  base: string;
  title: string;
  body: string | null;
  draft: boolean;
  maintainerCanModify: boolean;
};

/** Opens a pull request between two branches of one repository; 422 in GitHub's words where it refuses. */
export async function openPull(world: World, repo: Repository, user: Account, input: Input): Promise<Pull> {
  const prefix = `${repo.owner.login}:`;
  const head = input.head.startsWith(prefix) ? input.head.slice(prefix.length) : input.head;
  const headSha = repo.knownBranches.get(head);
  const baseSha = repo.knownBranches.get(input.base);
  if (!headSha) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  if (!baseSha) return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  if ((await commitsBetween(repo.dir, baseSha, headSha)).length === 0) {
    return refuse(`No commits between ${input.base} and ${head}`);
  }
  // Looked up after the last wait, so that of two requests at once one is refused.
  const twin = pullsOf(repo).find(
    (pull) => pull.issue.state === 'open' && pull.head.ref === head && pull.base.ref === input.base,
  );
  if (twin) return refuse(`A pull request already exists for ${prefix}${head}.`);
  const issue = addIssue(world, { repo, title: input.title, body: input.body, user });
  const pull: Pull = {
    id: world.nextId(),
    issue,
    head: { ref: head, sha: headSha },
    base: { ref: input.base, sha: baseSha },
    draft: input.draft,
    maintainerCanModify: input.maintainerCanModify,
    reviews: [],
  };
  issue.pull = pull;
  await updatePullRef(repo, pull);
  const body = { number: issue.number, pull_request: await fullPullShape(world, pull) };
  void world.emit({ event: 'pull_request', action: 'opened', repo, sender: user, body });
  return pull;
}

const refuse = (message: string): never => invalid({ resource: 'PullRequest', code: 'custom', message });

export const pullsOf = (repo: Repository): Pull[] =>
  [...repo.issues.values()].map((issue) => issue.pull).filter((pull) => pull !== undefined);
