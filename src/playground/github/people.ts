import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { addComment, addLabel, addReaction, editComment, openIssue, removeLabel, setState } from './actions-issues.ts';
import { syncBranches } from './actions-branches.ts';
import { emitCheck } from './actions-checks.ts';
import { commitFiles, copyBare, initBare, type FileContent } from './bare-repository.ts';
import { branchesOf } from './git.ts';
import { installationShape } from './shape-accounts.ts';
import { nodeId } from './shape-common.ts';
import type { Account, Installation, Issue, ReactionContent, Repository, Review, Role } from './types.ts';
import { addAccount, findRepository, fullName, installationOf, repositoriesOf, type World } from './world.ts';

export type NewRepository = {
  owner: string;
  name: string;
  ownerType?: 'User' | 'Organization';
  /** Files of the first commit; without them (and without `from`) the repository is empty. */
  files?: Record<string, FileContent>;
  /** A local git repository to copy, with all its branches. */
  from?: string;
  defaultBranch?: string;
  private?: boolean;
  archived?: boolean;
  description?: string;
  /** Branches that the app may not push to. */
  protectedBranches?: string[];
  collaborators?: Record<string, Role>;
  /** False: the app is not installed on it. */
  installed?: boolean;
};

/** A repository's `owner/name`. */
export type RepoName = string;

export type People = ReturnType<typeof createPeople>;

/**
 * What a person does on GitHub. Each function ends when the webhook it caused was answered (whatever the
 * answer; `settled()` waits for those that the app's own requests caused).
 */
export function createPeople(world: World, root: string) {
  function repository(name: RepoName): Repository {
    const [owner = '', repo = ''] = name.split('/');
    const found = findRepository(world, owner, repo);
    if (!found) throw new Error(`The stand-in has no repository ${name}.`);
    return found;
  }

  function issueOf(name: RepoName, number: number): Issue {
    const issue = repository(name).issues.get(number);
    if (!issue) throw new Error(`The stand-in has no issue ${name}#${number}.`);
    return issue;
  }

  const user = (login: string): Account => addAccount(world, login);

  async function createRepository(
    input: NewRepository,
  ): Promise<{ id: number; fullName: string; installationId: number | null; cloneUrl: string }> {
    const dir = join(root, `${randomUUID()}.git`);
    const copied = input.from === undefined ? null : await copyBare(dir, input.from);
    const defaultBranch = input.defaultBranch ?? copied ?? 'main';
    if (input.from === undefined) await initBare(dir, defaultBranch);
    const now = world.now();
    const repo: Repository = {
      id: world.nextId(),
      owner: addAccount(world, input.owner, input.ownerType),
      name: input.name,
      description: input.description ?? null,
      private: input.private ?? false,
      archived: input.archived ?? false,
      defaultBranch,
      protectedBranches: new Set(input.protectedBranches),
      collaborators: new Map(),
      labels: new Map(),
      issues: new Map(),
      nextNumber: 1,
      dir,
      knownBranches: new Map(),
      createdAt: now,
      updatedAt: now,
      pushedAt: null,
    };
    for (const [login, role] of Object.entries(input.collaborators ?? {})) setRole(repo, login, role);
    if (input.files) {
      const author = { name: repo.owner.login, email: `${repo.owner.login}@users.noreply.localhost`, date: now };
      await commitFiles(dir, { branch: defaultBranch, files: input.files, message: 'Initial commit', author });
    }
    repo.knownBranches = await branchesOf(dir);
    world.repositories.set(repo.id, repo);
    if (input.installed !== false) await install(input.owner, repo);
    return {
      id: repo.id,
      fullName: fullName(repo),
      installationId: installationOf(world, repo)?.id ?? null,
      cloneUrl: `${world.origin}/${fullName(repo)}.git`,
    };
  }

  function setRole(repo: Repository, login: string, role: Role | null): void {
    user(login);
    if (role) repo.collaborators.set(login.toLowerCase(), role);
    else repo.collaborators.delete(login.toLowerCase());
  }

  /** Installs the app on one repository more of an account; `installation.created` when it is the first. */
  async function install(login: string, repo: Repository): Promise<void> {
    const account = user(login);
    const known = [...world.installations.values()].find((one) => one.account.id === account.id);
    const added = [
      { id: repo.id, node_id: nodeId('R', repo.id), name: repo.name, full_name: fullName(repo), private: repo.private },
    ];
    if (known) {
      known.repositoryIds?.add(repo.id);
      const body = {
        installation: installationShape(world, known),
        repository_selection: 'selected',
        repositories_added: added,
        repositories_removed: [],
        requester: null,
      };
      return world.emit({
        event: 'installation_repositories',
        action: 'added',
        sender: account,
        installation: known,
        body,
      });
    }
    const installation: Installation = {
      id: world.nextId(),
      account,
      repositoryIds: new Set([repo.id]),
      permissions: world.app.permissions,
      suspendedAt: null,
      createdAt: world.now(),
    };
    world.installations.set(installation.id, installation);
    const body = { installation: installationShape(world, installation), repositories: added, requester: null };
    return world.emit({ event: 'installation', action: 'created', sender: account, installation, body });
  }

  function installation(login: string): Installation {
    const found = [...world.installations.values()].find(
      (one) => one.account.login.toLowerCase() === login.toLowerCase(),
    );
    if (!found) throw new Error(`The app is not installed for ${login}.`);
    return found;
  }

  return {
    /** Adds a user or an organization; no harm if it is there. */
    addUser: (login: string, options: { type?: Account['type'] } = {}) => ({
      id: addAccount(world, login, options.type).id,
    }),
    createRepository,

    setCollaborator: (name: RepoName, login: string, role: Role | null) => setRole(repository(name), login, role),

    /** Changes what the owner sets in a repository's settings. */
    configure(name: RepoName, change: { archived?: boolean; private?: boolean; protectedBranches?: string[] }): void {
      const repo = repository(name);
      repo.archived = change.archived ?? repo.archived;
      repo.private = change.private ?? repo.private;
      if (change.protectedBranches) repo.protectedBranches = new Set(change.protectedBranches);
    },

    /** Renames (or moves) a repository; requests by the old name are redirected. */
    rename(name: RepoName, to: { owner?: string; name: string }): void {
      const repo = repository(name);
      world.formerNames.set(name.toLowerCase(), repo.id);
      if (to.owner) repo.owner = user(to.owner);
      repo.name = to.name;
    },

    deleteRepository(name: RepoName): void {
      world.repositories.delete(repository(name).id);
    },

    async suspend(login: string): Promise<void> {
      const one = installation(login);
      const body = { installation: installationShape(world, one) };
      await world.emit({ event: 'installation', action: 'suspend', sender: one.account, installation: one, body });
      one.suspendedAt = world.now();
    },

    async uninstall(login: string): Promise<void> {
      const one = installation(login);
      const repositories = repositoriesOf(world, one).map((repo) => ({
        id: repo.id,
        node_id: nodeId('R', repo.id),
        name: repo.name,
        full_name: fullName(repo),
        private: repo.private,
      }));
      const body = { installation: installationShape(world, one), repositories };
      world.installations.delete(one.id);
      await world.emit({ event: 'installation', action: 'deleted', sender: one.account, installation: one, body });
    },

    /** Takes permissions away from (or gives them to) an account's installation; tokens given before keep theirs. */
    setPermissions(login: string, permissions: Record<string, string>): void {
      installation(login).permissions = permissions;
    },

    /** Makes every token that is out expire at once. */
    expireTokens(): void {
      world.tokens.clear();
    },

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

    /** Presses one of a completed check's buttons. */
    async requestAction(input: { checkRun: number; identifier: string; by: string }): Promise<void> {
      const run = world.checkRuns.get(input.checkRun);
      const action =
        run?.status === 'completed' && run.actions.find(({ identifier }) => identifier === input.identifier);
      if (!run || !action) throw new Error(`Check run ${input.checkRun} shows no button ${input.identifier}.`);
      const more = { requested_action: { identifier: input.identifier } };
      await emitCheck(world, run, 'requested_action', user(input.by), more);
    },

    /** Reviews a pull request. */
    review(input: { repo: RepoName; pull: number; state: Review['state']; body?: string; by: string }): void {
      const { pull } = issueOf(input.repo, input.pull);
      if (!pull) throw new Error(`${input.repo}#${input.pull} is not a pull request.`);
      pull.reviews.push({
        id: world.nextId(),
        user: user(input.by),
        body: input.body ?? '',
        state: input.state,
        commitId: pull.head.sha,
        submittedAt: world.now(),
      });
    },
  };
}
