import { addIssue, setState } from './actions-issues.ts';
import { syncBranches, updatePullRef } from './actions-branches.ts';
import { git, gitMaybe } from './git.ts';
import { writeCommit } from './git-objects.ts';
import { commitsBetween } from './git-diff.ts';
import { fail, invalid } from './respond.ts';
import { teamShape, userShape } from './shape-accounts.ts';
import { fullPullShape } from './shape-pulls.ts';
import type { Account, Pull, Repository } from './types.ts';
import { findAccount, fullName, isCollaborator, type World } from './world.ts';

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
    merged: null,
    reviews: [],
    requestedReviewers: [],
    requestedTeams: [],
  };
  issue.pull = pull;
  await updatePullRef(repo, pull);
  const body = { number: issue.number, pull_request: await fullPullShape(world, pull) };
  void world.emit({ event: 'pull_request', action: 'opened', repo, sender: user, body });
  return pull;
}

/** Merges a pull request into its base, as the button does for a person. Ends when its webhook was answered. */
export async function mergePull(world: World, pull: Pull, user: Account): Promise<void> {
  const { repo, number, title } = pull.issue;
  const { head, base } = pull;
  const tree = await git(repo.dir, ['merge-tree', '--write-tree', '--no-messages', base.sha, head.sha]);
  const at = world.now();
  const by = { name: user.login, email: `${user.id}+${user.login}@users.noreply.localhost`, date: at };
  const message = `Merge pull request #${number} from ${repo.owner.login}/${head.ref}\n\n${title}\n`;
  const parents = [base.sha, head.sha];
  const sha = await writeCommit(repo.dir, { message, tree: tree.trim(), parents, author: by, committer: by });
  await git(repo.dir, ['update-ref', `refs/heads/${base.ref}`, sha, base.sha]);
  pull.merged = { at, by: user, sha };
  const { delivered } = setState(world, pull.issue, 'closed', user);
  await syncBranches(world, repo, user);
  await delivered;
}

/** Merges the base into a pull request's branch, as the button "Update branch" does; 422 in GitHub's words where it refuses. */
export async function updateBranch(world: World, pull: Pull, expected: string | null): Promise<void> {
  const { repo } = pull.issue;
  const { head, base } = pull;
  if (expected !== null && expected !== head.sha) {
    fail(422, `expected head sha didn’t match current head ref.`);
  }
  const merged = await gitMaybe(repo.dir, ['merge-tree', '--write-tree', '--no-messages', base.sha, head.sha]);
  if (merged === null) return fail(422, 'merge conflict between base and head');
  if ((await commitsBetween(repo.dir, head.sha, base.sha)).length === 0) {
    fail(422, 'There are no new commits on the base branch.');
  }
  const { bot } = world.app;
  const by = { name: bot.login, email: `${bot.id}+${bot.login}@users.noreply.localhost`, date: world.now() };
  const message = `Merge branch '${base.ref}' into ${head.ref}\n`;
  const parents = [head.sha, base.sha];
  const sha = await writeCommit(repo.dir, { message, tree: merged.trim(), parents, author: by, committer: by });
  await git(repo.dir, ['update-ref', `refs/heads/${head.ref}`, sha, head.sha]);
  await syncBranches(world, repo, bot);
}

/**
 * Asks users and teams to review; 422 in GitHub's words, and nobody is asked, where one of them may not be. An app that
 * may not read members fails to find any team: https://github.com/github/docs/issues/35057
 */
export function requestReviews(
  world: World,
  pull: Pull,
  sender: Account,
  wanted: { reviewers: string[]; teams: string[]; mayReadTeams: boolean },
): void {
  const { repo } = pull.issue;
  const teams = wanted.teams.map((slug) => world.teams.get(`${repo.owner.login}/${slug}`.toLowerCase()));
  if (teams.length > 0 && !wanted.mayReadTeams) fail(422, "Could not resolve to a node with the global id of 'T_x'.");
  const users = wanted.reviewers.map((login) => findAccount(world, login));
  const known = users.every((one) => one && isCollaborator(repo, one) && one.id !== pull.issue.user.id);
  if (!known || teams.some((team) => !team?.repositories.has(repo.id))) {
    fail(
      422,
      `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${fullName(repo)} repository.`,
    );
  }
  for (const one of users) {
    if (pull.requestedReviewers.includes(one!)) continue;
    pull.requestedReviewers.push(one!);
    void emitRequest(world, pull, sender, { requested_reviewer: userShape(world, one!) });
  }
  for (const team of teams) {
    if (pull.requestedTeams.includes(team!)) continue;
    pull.requestedTeams.push(team!);
    void emitRequest(world, pull, sender, { requested_team: teamShape(world, team!) });
  }
}

async function emitRequest(world: World, pull: Pull, sender: Account, more: object): Promise<void> {
  const body = { number: pull.issue.number, pull_request: await fullPullShape(world, pull), ...more };
  await world.emit({ event: 'pull_request', action: 'review_requested', repo: pull.issue.repo, sender, body });
}

const refuse = (message: string): never => invalid({ resource: 'PullRequest', code: 'custom', message });

export const pullsOf = (repo: Repository): Pull[] =>
  [...repo.issues.values()].map((issue) => issue.pull).filter((pull) => pull !== undefined);
