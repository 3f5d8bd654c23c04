import { branchesOf, git } from './git.ts';
import { commitsBetween, isAncestor } from './git-diff.ts';
import { readCommit, type CommitObject } from './git-objects.ts';
import { suiteFor } from './actions-checks.ts';
import { userShape } from './shape-accounts.ts';
import { checkSuiteShape, headCommitShape } from './shape-checks.ts';
import { iso } from './shape-common.ts';
import { fullPullShape } from './shape-pulls.ts';
import { repositoryHtml } from './shape-repository.ts';
import type { Account, Pull, Repository } from './types.ts';
import type { World } from './world.ts';

const ZERO = '0'.repeat(40);
/** A push event lists no more commits than this. */
const MOST_COMMITS = 2048;

/**
 * Compares the branches with what was known of them, and does what GitHub does after a push: moves the
 * heads of pull requests, makes check suites, sends `push`, `check_suite.requested` and
 * `pull_request.synchronize`. Webhooks go out in the background.
 */
export async function syncBranches(world: World, repo: Repository, sender: Account): Promise<void> {
  const now = await branchesOf(repo.dir);
  const before = repo.knownBranches;
  // Taken over before anything is awaited, so that two pushes at once do not both report a change.
  repo.knownBranches = now;
  const names = new Set([...before.keys(), ...now.keys()]);
  for (const name of names) {
    const from = before.get(name) ?? ZERO;
    const to = now.get(name) ?? ZERO;
    if (from !== to) await moved(world, repo, sender, { name, from, to });
  }
}

type Move = { name: string; from: string; to: string };

async function moved(world: World, repo: Repository, sender: Account, move: Move): Promise<void> {
  repo.pushedAt = world.now();
  void world.emit({ event: 'push', repo, sender, body: await pushBody(world, repo, sender, move) });
  if (move.to === ZERO) return;
  const suite = suiteFor(world, repo, move.to, move.name);
  void world.emit({
    event: 'check_suite',
    action: 'requested',
    repo,
    sender,
    body: { check_suite: await checkSuiteShape(world, suite) },
  });
  for (const { pull } of repo.issues.values()) {
    if (pull?.issue.state === 'open') await movePull(world, repo, sender, pull, move);
  }
}

async function movePull(world: World, repo: Repository, sender: Account, pull: Pull, move: Move): Promise<void> {
  if (pull.base.ref === move.name) pull.base.sha = move.to;
  if (pull.head.ref !== move.name || pull.head.sha === move.to) return;
  const before = pull.head.sha;
  pull.head.sha = move.to;
  pull.issue.updatedAt = world.now();
  await updatePullRef(repo, pull);
  const body = { number: pull.issue.number, before, after: move.to, pull_request: await fullPullShape(world, pull) };
  void world.emit({ event: 'pull_request', action: 'synchronize', repo, sender, body });
}

/** GitHub offers each pull request's head as `refs/pull/<number>/head`. */
export const updatePullRef = (repo: Repository, pull: Pull): Promise<string> =>
  git(repo.dir, ['update-ref', `refs/pull/${pull.issue.number}/head`, pull.head.sha]);

async function pushBody(world: World, repo: Repository, sender: Account, { name, from, to }: Move) {
  const html = repositoryHtml(world, repo);
  const shas = to === ZERO ? [] : await newCommits(repo, from, to);
  const commits = await Promise.all(
    shas.map(async (sha) => {
      const commit = await readCommit(repo.dir, sha);
      const shape = headCommitShape(world, repo, commit);
      return { ...shape, url: `${html}/commit/${sha}`, distinct: true, ...(await touched(repo, commit)) };
    }),
  );
  const forced = from !== ZERO && to !== ZERO && !(await isAncestor(repo.dir, from, to));
  const pusher = {
    name: sender.login,
    email: `${sender.id}+${sender.login}@users.noreply.${new URL(world.origin).hostname}`,
  };
  return {
    ref: `refs/heads/${name}`,
    before: from,
    after: to,
    base_ref: null,
    pusher: { ...pusher, date: iso(world.now()), username: userShape(world, sender).login },
    created: from === ZERO,
    deleted: to === ZERO,
    forced,
    compare: `${html}/compare/${from.slice(0, 12)}...${to.slice(0, 12)}`,
    commits,
    head_commit: commits.at(-1) ?? null,
  };
}

async function newCommits(repo: Repository, from: string, to: string): Promise<string[]> {
  const known = from !== ZERO ? from : repo.knownBranches.get(repo.defaultBranch);
  if (!known || known === to) return [to];
  const shas = await commitsBetween(repo.dir, known, to);
  return (shas.length > 0 ? shas : [to]).slice(-MOST_COMMITS);
}

async function touched({ dir }: Repository, { sha, tree, parents }: CommitObject) {
  const [parent] = parents;
  // A marker has the files of what it stands on.
  if (parent && (await readCommit(dir, parent)).tree === tree) return { added: [], removed: [], modified: [] };
  const args = ['diff-tree', '--root', '--no-commit-id', '--name-status', '--no-renames', '-r', '-z', sha];
  const listed = await git(dir, args);
  const parts = listed.split('\0').filter(Boolean);
  const of = (letters: string) => parts.filter((_, at) => at % 2 === 1 && letters.includes(parts[at - 1] ?? '?'));
  return { added: of('A'), removed: of('D'), modified: of('MT') };
}
