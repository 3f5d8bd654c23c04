import type {
  Account,
  App,
  CheckRun,
  CheckSuite,
  Comment,
  Emission,
  Installation,
  InstallationToken,
  Issue,
  Manifest,
  Repository,
  ReviewComment,
  Role,
  Team,
} from './types.ts';

/** All state of one stand-in. It lives in memory; only git's objects are on disk. */
export type World = {
  /** `http://127.0.0.1:<port>`: pages and git. REST is under `<origin>/api/v3`. */
  origin: string;
  now(): Date;
  /** Ids grow across all kinds, so that no two things share one by chance. */
  nextId(): number;
  app: App;
  /** Manifests that were agreed to, by the code that turns one into the app. */
  manifests: Map<string, Manifest & { owner: string }>;
  accounts: Map<string, Account>;
  /** `org/slug` in lower case → team */
  teams: Map<string, Team>;
  repositories: Map<number, Repository>;
  /** Former `owner/name` in lower case → id, for the 301 after a rename. */
  formerNames: Map<string, number>;
  installations: Map<number, Installation>;
  tokens: Map<string, InstallationToken>;
  /** token → whose it is */
  personalTokens: Map<string, Account>;
  comments: Map<number, Comment>;
  reviewComments: Map<number, ReviewComment>;
  checkSuites: Map<number, CheckSuite>;
  checkRuns: Map<number, CheckRun>;
  /** Sends a webhook if the app is installed there and subscribed. Ends when it was answered; never rejects. */
  emit(emission: Emission): Promise<void>;
};

/** GitHub compares logins and repository names without regard to case. */
export function findAccount(world: World, login: string): Account | undefined {
  return world.accounts.get(login.toLowerCase());
}

export function addAccount(world: World, login: string, type: Account['type'] = 'User'): Account {
  const known = findAccount(world, login);
  if (known) return known;
  const account: Account = { id: world.nextId(), login, type, name: null, createdAt: world.now() };
  world.accounts.set(login.toLowerCase(), account);
  return account;
}

export const fullName = (repo: Repository): string => `${repo.owner.login}/${repo.name}`;

export function findRepository(world: World, owner: string, name: string): Repository | undefined {
  const wanted = `${owner}/${name}`.toLowerCase();
  return [...world.repositories.values()].find((repo) => fullName(repo).toLowerCase() === wanted);
}

/** The repository `owner/name`, for callers who know that it is there. */
export function repositoryNamed(world: World, name: string): Repository {
  const [owner = '', repo = ''] = name.split('/');
  const found = findRepository(world, owner, repo);
  if (!found) throw new Error(`The stand-in has no repository ${name}.`);
  return found;
}

export function issueNamed(world: World, name: string, number: number): Issue {
  const issue = repositoryNamed(world, name).issues.get(number);
  if (!issue) throw new Error(`The stand-in has no issue ${name}#${number}.`);
  return issue;
}

const ROLES: readonly Role[] = ['read', 'triage', 'write', 'maintain', 'admin'];

/** Whether somebody may do in a repository what takes a role. */
export function hasRole(repo: Repository, account: Account, least: Role): boolean {
  const own = account.id === repo.owner.id ? 'admin' : repo.collaborators.get(account.login.toLowerCase());
  const role = own ?? (repo.private ? null : 'read');
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** Whether an account was given access to a repository, or owns it. */
export function isCollaborator(repo: Repository, account: Account): boolean {
  return account.id === repo.owner.id || repo.collaborators.has(account.login.toLowerCase());
}

/** The installation that covers a repository, if the app is installed there. */
export function installationOf(world: World, repo: Repository): Installation | undefined {
  return [...world.installations.values()].find(
    (installation) =>
      installation.account.id === repo.owner.id &&
      (installation.repositoryIds === null || installation.repositoryIds.has(repo.id)),
  );
}

/** The repositories that an installation (or one of its tokens) covers. */
export function repositoriesOf(world: World, scope: Installation | InstallationToken): Repository[] {
  const installation = 'installation' in scope ? scope.installation : scope;
  return [...world.repositories.values()].filter(
    (repo) =>
      installationOf(world, repo)?.id === installation.id &&
      (scope.repositoryIds === null || scope.repositoryIds.has(repo.id)),
  );
}
