import { addComment, addLabel, addReaction, editComment, openIssue, removeLabel, setState } from './actions-issues.ts';
import { syncBranches } from './actions-branches.ts';
import { emitCheck, suiteFor } from './actions-checks.ts';
import { mergePull, openPull } from './actions-pulls.ts';
import { commitFiles, type FileContent } from './bare-repository.ts';
import { readCommit } from './git-objects.ts';
import { issuePersonalToken } from './auth.ts';
import { createOwners } from './owners.ts';
import { headCommitShape } from './shape-checks.ts';
import { addReview, editPull } from './actions-reviews.ts';
import { checkSuiteShape } from './shape-checks.ts';
import type { Account, Annotation, CheckRun, Issue, Pull, ReactionContent, Repository, Review } from './types.ts';
import { addAccount, issueNamed, repositoryNamed, type World } from './world.ts';

export type { NewRepository } from './owners.ts';

/** A repository's `owner/name`. */
export type RepoName = string;

export type People = ReturnType<typeof createPeople>;

/**
 * What a person does on GitHub. Each function ends when the webhook it caused was answered (whatever the
 * answer; `settled()` waits for those that the app's own requests caused).
 */
export function createPeople(world: World, root: string) {
  const repository = (name: RepoName): Repository => repositoryNamed(world, name);
  const issueOf = (name: RepoName, number: number): Issue => issueNamed(world, name, number);
  const pullNamed = (name: RepoName, number: number): Pull => {
    const { pull } = issueOf(name, number);
    if (!pull) throw new Error(`${name}#${number} is not a pull request.`);
    return pull;
  };
  const user = (login: string): Account => addAccount(world, login);

  return {
    ...createOwners(world, root),

    /** A new personal token of somebody, who may do with it whatever they may; a random one unless given. */
    createToken: (login: string, value?: string): string => issuePersonalToken(world, user(login), value),

    /** Takes a personal token back. */
    revokeToken: (token: string): void => void world.personalTokens.delete(token),

    /** Adds a user or an organization; no harm if it is there. */
    addUser: (login: string, options: { type?: Account['type'] } = {}) => ({
      id: addAccount(world, login, options.type).id,
    }),

    async openIssue(input: {
      repo: RepoName;
      title: string;
      body?: string;
      by: string;
    }): Promise<{ id: number; number: number }> {
      const { result, delivered } = openIssue(world, {
        repo: repository(input.repo),
        title: input.title,
        body: input.body ?? null,
        user: user(input.by),
      });
      await delivered;
      return { id: result.id, number: result.number };
    },

    async comment(input: { repo: RepoName; issue: number; body: string; by: string }): Promise<{ id: number }> {
      const { result, delivered } = addComment(world, issueOf(input.repo, input.issue), user(input.by), input.body);
      await delivered;
      return { id: result.id };
    },

    async editComment(input: { id: number; body: string; by: string }): Promise<void> {
      const comment = world.comments.get(input.id);
      if (!comment) throw new Error(`The stand-in has no comment ${input.id}.`);
      await editComment(world, comment, user(input.by), input.body).delivered;
    },

    react(input: { repo: RepoName; issue: number; content: ReactionContent; by: string }): void {
      addReaction(world, issueOf(input.repo, input.issue), user(input.by), input.content);
    },

    label: (input: { repo: RepoName; issue: number; name: string; by: string }): Promise<void> =>
      addLabel(world, issueOf(input.repo, input.issue), input.name, user(input.by)).delivered,

    unlabel: (input: { repo: RepoName; issue: number; name: string; by: string }): Promise<void> =>
      removeLabel(world, issueOf(input.repo, input.issue), input.name, user(input.by)).delivered,

    close: (input: { repo: RepoName; issue: number; by: string }): Promise<void> =>
      setState(world, issueOf(input.repo, input.issue), 'closed', user(input.by)).delivered,

    /** Merges a pull request. */
    merge: (input: { repo: RepoName; pull: number; by: string }): Promise<void> =>
      mergePull(world, pullNamed(input.repo, input.pull), user(input.by)),

    reopen: (input: { repo: RepoName; issue: number; by: string }): Promise<void> =>
      setState(world, issueOf(input.repo, input.issue), 'open', user(input.by)).delivered,

    /** Commits files on a branch (made from the default branch when it is new) and pushes. Null removes a file. */
    async push(input: {
      repo: RepoName;
      branch?: string;
      files: Record<string, FileContent | null>;
      message?: string;
      by: string;
    }): Promise<{ sha: string }> {
      const repo = repository(input.repo);
      const account = user(input.by);
      const author = {
        name: account.login,
        email: `${account.id}+${account.login}@users.noreply.localhost`,
        date: world.now(),
      };
      const branch = input.branch ?? repo.defaultBranch;
      const sha = await commitFiles(repo.dir, {
        branch,
        from: repo.defaultBranch,
        files: input.files,
        message: input.message ?? 'Change files',
        author,
      });
      await syncBranches(world, repo, account);
      return { sha };
    },

    /** Presses "Re-run" on a check. */
    async rerequest(input: { checkRun: number; by: string }): Promise<void> {
      const run = world.checkRuns.get(input.checkRun);
      if (!run) throw new Error(`The stand-in has no check run ${input.checkRun}.`);
      await emitCheck(world, run, 'rerequested', user(input.by));
    },

    /** Another app, the repository's CI, has run a check on a commit: the only one of its suite, which is completed with it. */
    async runCheck(input: {
      repo: RepoName;
      sha: string;
      name: string;
      conclusion: 'success' | 'failure';
      summary?: string;
      annotations?: Annotation[];
      app?: string;
    }): Promise<void> {
      const repo = repository(input.repo);
      const { sha, name, conclusion, summary = '', annotations = [], app = 'github-actions' } = input;
      const branch = [...repo.knownBranches].find(([, head]) => head === sha)?.[0] ?? null;
      const run: CheckRun = {
        id: world.nextId(),
        suite: suiteFor(world, repo, sha, branch, app),
        repo,
        name,
        headSha: sha,
        externalId: '',
        detailsUrl: null,
        status: 'completed',
        conclusion,
        startedAt: world.now(),
        completedAt: world.now(),
        output: { title: null, summary, text: null },
        annotations,
        actions: [],
      };
      world.checkRuns.set(run.id, run);
      const { bot } = world.app;
      await emitCheck(world, run, 'completed', bot);
      const body = { check_suite: await checkSuiteShape(world, run.suite) };
      await world.emit({ event: 'check_suite', action: 'completed', repo, sender: bot, body });
    },

    /** Presses one of a completed check's buttons. */
    async requestAction(input: { checkRun: number; identifier: string; by: string }): Promise<void> {
      const run = world.checkRuns.get(input.checkRun);
      const action =
        run?.status === 'completed' && run.actions.find(({ identifier }) => identifier === input.identifier);
      if (!run || !action) throw new Error(`Check run ${input.checkRun} shows no button ${input.identifier}.`);
      const more = { requested_action: { identifier: input.identifier } };
      await emitCheck(world, run, 'requested_action', user(input.by), more);
    },

    /** Opens a pull request between two branches of a repository. */
    async openPull(input: {
      repo: RepoName;
      head: string;
      base: string;
      title: string;
      body?: string;
      by: string;
    }): Promise<{ number: number }> {
      const { head, base, title, body = null, by } = input;
      const pull = await openPull(world, repository(input.repo), user(by), {
        head,
        base,
        title,
        body,
        draft: false,
        maintainerCanModify: true,
      });
      return { number: pull.issue.number };
    },

    /** Puts a commit into a merge queue, made of what is on a branch: sends `merge_group.checks_requested`. */
    async queue(input: { repo: RepoName; branch: string; by: string }): Promise<{ sha: string }> {
      const repo = repository(input.repo);
      const sha = repo.knownBranches.get(input.branch);
      if (!sha) throw new Error(`${input.repo} has no branch ${input.branch}.`);
      const group = {
        head_sha: sha,
        head_ref: `refs/heads/gh-readonly-queue/${repo.defaultBranch}/pr-1-${sha}`,
        base_sha: repo.knownBranches.get(repo.defaultBranch)!,
        base_ref: `refs/heads/${repo.defaultBranch}`,
        head_commit: headCommitShape(world, repo, await readCommit(repo.dir, sha)),
      };
      const body = { merge_group: group };
      await world.emit({ event: 'merge_group', action: 'checks_requested', repo, sender: user(input.by), body });
      return { sha };
    },

    /** Reviews a pull request, with comments beside its lines. Gives the ids of those. */
    async review(input: {
      repo: RepoName;
      pull: number;
      state: Review['state'];
      body?: string;
      comments?: { path: string; line: number; body: string }[];
      by: string;
    }): Promise<{ comments: number[] }> {
      const { result, delivered } = addReview(world, pullNamed(input.repo, input.pull), user(input.by), input);
      await delivered;
      return { comments: result.map(({ id }) => id) };
    },

    /** Says something beside a line of a pull request, by itself or in answer to another. */
    async reviewComment(input: {
      repo: RepoName;
      pull: number;
      path: string;
      line: number;
      body: string;
      inReplyTo?: number;
      by: string;
    }): Promise<{ id: number }> {
      const { path, line, body, inReplyTo, by } = input;
      const pull = pullNamed(input.repo, input.pull);
      const about = inReplyTo === undefined ? { path, line, body } : { path, line, body, inReplyTo };
      const { result, delivered } = addReview(world, pull, user(by), { state: 'COMMENTED', comments: [about] });
      await delivered;
      return { id: result[0]!.id };
    },

    /** Edits the description of a pull request. */
    editPull: (input: { repo: RepoName; pull: number; body: string; by: string }): Promise<void> =>
      editPull(world, pullNamed(input.repo, input.pull), user(input.by), input.body),
  };
}
