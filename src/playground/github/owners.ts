import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { commitFiles, copyBare, initBare, type FileContent } from './bare-repository.ts';
import { branchesOf } from './git.ts';
import { installationShape } from './shape-accounts.ts';
import { nodeId } from './shape-common.ts';
import type { Account, Installation, Repository, Role } from './types.ts';
import { addAccount, fullName, installationOf, repositoriesOf, repositoryNamed, type World } from './world.ts';

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

/** What owners do: make and change repositories (named `owner/name`), install the app and throw it out. */
export function createOwners(world: World, root: string) {
  const user = (login: string): Account => addAccount(world, login);
  const repository = (name: string): Repository => repositoryNamed(world, name);

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
    createRepository,

    setCollaborator: (name: string, login: string, role: Role | null) => setRole(repository(name), login, role),

    /** Makes a team of an organization (`org/slug`), or gives it more; its members are asked and may do what its role says. */
    addTeam(
      name: string,
      { members = [], repositories = {} }: { members?: string[]; repositories?: Record<string, Role> },
    ): void {
      const [org = '', slug = ''] = name.split('/');
      const team = world.teams.get(name.toLowerCase()) ?? {
        id: world.nextId(),
        org: addAccount(world, org, 'Organization'),
        slug,
        members: new Set(),
        repositories: new Map(),
      };
      world.teams.set(name.toLowerCase(), team);
      for (const login of members) team.members.add(user(login).login.toLowerCase());
      for (const [repo, role] of Object.entries(repositories)) team.repositories.set(repository(repo).id, role);
    },

    /** Changes what the owner sets in a repository's settings. */
    configure(name: string, change: { archived?: boolean; private?: boolean; protectedBranches?: string[] }): void {
      const repo = repository(name);
      repo.archived = change.archived ?? repo.archived;
      repo.private = change.private ?? repo.private;
      if (change.protectedBranches) repo.protectedBranches = new Set(change.protectedBranches);
    },

    /** Renames (or moves) a repository; requests by the old name are redirected. */
    rename(name: string, to: { owner?: string; name: string }): void {
      const repo = repository(name);
      world.formerNames.set(name.toLowerCase(), repo.id);
      if (to.owner) repo.owner = user(to.owner);
      repo.name = to.name;
    },

    deleteRepository(name: string): void {
      world.repositories.delete(repository(name).id);
    },

    /** Takes the app off one of the repositories of an account. */
    async removeFrom(name: string): Promise<void> {
      const repo = repository(name);
      const one = installation(repo.owner.login);
      one.repositoryIds?.delete(repo.id);
      const removed = [
        { id: repo.id, node_id: nodeId('R', repo.id), name: repo.name, full_name: name, private: repo.private },
      ];
      const body = {
        installation: installationShape(world, one),
        repository_selection: 'selected',
        repositories_added: [],
        repositories_removed: removed,
        requester: null,
      };
      const event = { event: 'installation_repositories', action: 'removed', sender: one.account };
      await world.emit({ ...event, installation: one, body });
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
  };
}
