import { InternalError } from '../errors.ts';
import { branchHead, createMarker, ensureBranch } from './branches.ts';
import { upsertCheckRun } from './check-runs.ts';
import { createClients, type Client, type Octokit, type Permit } from './client.ts';
import { commentBody, upsertComment } from './comments.ts';
import { compare } from './compare.ts';
import { commit, createVerifiedCommit } from './commits.ts';
import { listDeliveries, redeliver } from './deliveries.ts';
import { hasStatus, isRequestError, rateLimit, translateError } from './errors.ts';
import { failedChecks } from './failed-checks.ts';
import { ensureIssue, labels } from './issues.ts';
import { listInstallations, listInstalled } from './installed.ts';
import { appIdentity, appSlug, gitToken } from './installations.ts';
import { cancelCheck, listOpenChecks } from './open-checks.ts';
import { permission } from './permissions.ts';
import { refusedToken } from './personal.ts';
import type { Entrance, GitHub, RepositoryRef } from './port.ts';
import { pullRequest, untick, updateBranch, upsertPullRequest } from './pull-requests.ts';
import { react, unreact } from './reactions.ts';
import { listTop, readFile, repository, repositoryId } from './repositories.ts';
import { review } from './reviews.ts';
import { ensureTag } from './tags.ts';
import { isTeamMember } from './teams.ts';
import { triage } from './triage.ts';
import { createSerial } from './writes.ts';

type Log = { warn: (details: object, message: string) => void };

/**
 * GitHub as the rest of the house sees it. `octokitFor` is Probot's `auth`: with an installation's id,
 * or without for the app itself. Every failure is a UserError, RetryableError or InternalError.
 */
export function createGitHub(options: {
  octokitFor: (installationId?: number) => Promise<Octokit>;
  /** A client by a personal token, given the variable it is in; none where there are only installations. */
  octokitBy?: (tokenEnv: string) => Promise<Octokit>;
  /** Spares one request where it is known. */
  appSlug?: string;
  log: Log;
  /** Between two writes of one installation, or by one token. GitHub asks for 1,000. */
  writeIntervalMs?: number;
  /** The budget that all processes share, asked before each write; without it only this process's own spacing holds. */
  permit?: Permit;
  /** Told that GitHub wants to be left alone for so long, so that other processes do not run into it. */
  blocked?: (entrance: Entrance, forMs: number) => Promise<void>;
  /** Waits before looking again for what a lost answer may have made. */
  settleMs?: readonly number[];
}): GitHub {
  const { octokitFor, log } = options;
  const slug = remember(async () => options.appSlug ?? (await appSlug(await octokitFor())).slug);
  const identity = remember(() => appIdentity(octokitFor, renewing));
  const writes = createSerial({ minIntervalMs: options.writeIntervalMs ?? 1_000 });
  const clientFor = createClients({
    octokitOf,
    slug,
    writes,
    permit: options.permit,
    keys: createSerial({ minIntervalMs: 0 }),
    settle: options.settleMs ?? [0, 1_000, 3_000],
  });

  /** Runs a call with the repository's client. */
  async function within<T>(repo: RepositoryRef, call: (client: Client) => Promise<T>): Promise<T> {
    return translated(async () => {
      const client = await clientFor(repo);
      if (repo.tokenEnv !== undefined) return byToken(repo.tokenEnv, () => call(client));
      return renewing(client.octokit, repo.installationId, () => call(client));
    });
  }

  function octokitOf(entrance: Entrance): Promise<Octokit> {
    if (entrance.installationId !== undefined) return octokitFor(entrance.installationId);
    if (options.octokitBy) return options.octokitBy(entrance.tokenEnv);
    throw new InternalError('There are no personal tokens here.');
  }

  /** What is refused to a token is told of that token, and not of the app. */
  async function byToken<T>(tokenEnv: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      await tellBlocked({ tokenEnv }, error);
      throw refusedToken(error, tokenEnv);
    }
  }

  /** Runs a call with an installation's client. A token GitHub no longer accepts is renewed, once. */
  async function renewing<T>(octokit: Octokit, installationId: number, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      await tellBlocked({ installationId }, error);
      if (!hasStatus(error, 401)) throw error;
      log.warn({ installationId }, 'GitHub refused the installation token; asking for a new one');
      await octokit.auth({ type: 'installation', installationId, refresh: true });
      return call();
    }
  }

  async function tellBlocked(entrance: Entrance, error: unknown): Promise<void> {
    const forMs = isRequestError(error) ? rateLimit(error, Date.now()) : null;
    if (forMs !== null) await options.blocked?.(entrance, forMs);
  }

  return {
    permission: (repo, login, id) => within(repo, (client) => permission(client, login, id)),
    isTeamMember: (repo, team, login) => within(repo, (client) => isTeamMember(client, team, login)),
    react: (repo, target, content) => within(repo, (client) => react(client, target, content)),
    unreact: (repo, target, content) => within(repo, (client) => unreact(client, target, content)),
    upsertComment: (repo, issue, comment) => within(repo, (client) => upsertComment(client, issue, comment)),
    review: (repo, pull, id) => within(repo, (client) => review(client, pull, id)),
    commentBody: (repo, id, { inThread = false } = {}) => within(repo, (client) => commentBody(client, id, inThread)),
    upsertCheckRun: (repo, check) => within(repo, (client) => upsertCheckRun(client, check)),
    createMarker: (repo, marker) => within(repo, (client) => createMarker(client, marker)),
    branchHead: (repo, branch) => within(repo, (client) => branchHead(client, branch)),
    ensureTag: (repo, tag) => within(repo, (client) => ensureTag(client, tag)),
    commit: (repo, sha) => within(repo, (client) => commit(client, sha)),
    createVerifiedCommit: (repo, wanted) => within(repo, (client) => createVerifiedCommit(client, wanted)),
    upsertPullRequest: (repo, pr) => within(repo, (client) => upsertPullRequest(client, pr)),
    compare: (repo, base, head) => within(repo, (client) => compare(client, base, head)),
    updateBranch: (repo, pull, head) => within(repo, (client) => updateBranch(client, pull, head)),
    untick: (repo, pull, box) => within(repo, (client) => untick(client, pull, box)),
    pullRequest: (repo, number) => within(repo, (client) => pullRequest(client, number)),
    triage: (repo, wanted) => within(repo, (client) => triage(client, wanted)),
    labels: (repo, number) => within(repo, (client) => labels(client, number)),
    ensureIssue: (repo, issue) => within(repo, (client) => ensureIssue(client, issue)),
    ensureBranch: (repo, proposal) => within(repo, (client) => ensureBranch(client, proposal)),
    listTop: (repo, commit) => within(repo, (client) => listTop(client, commit)),
    readFile: (repo, path, ref) => within(repo, (client) => readFile(client, path, ref)),
    repository: (repo) => within(repo, (client) => repository(client, repo)),
    installations: () => translated(async () => listInstallations(await octokitFor())),
    installedRepositories: (id) =>
      translated(async () => {
        const octokit = await octokitFor(id);
        return renewing(octokit, id, () => listInstalled(octokit));
      }),
    repositoryId: (entrance, at) => within({ ...entrance, ...at, repositoryId: 0 }, (client) => repositoryId(client)),
    gitToken: (repo) => translated(async () => gitToken(await octokitFor(), repo)),
    listDeliveries: (listing) => translated(async () => listDeliveries(await octokitFor(), listing)),
    redeliver: (id) => translated(() => writes('the app', async () => redeliver(await octokitFor(), id))),
    listOpenChecks: (repo, signal) => within(repo, (client) => listOpenChecks(client, signal)),
    failedChecks: (repo, sha) => within(repo, (client) => failedChecks(client, sha)),
    cancelCheck: (repo, id, output) => within(repo, (client) => cancelCheck(client, id, output)),
    appIdentity: () => translated(identity),
  };
}

async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(error, Date.now());
  }
}

/** Asks once and keeps the answer; a failure is not kept. */
function remember<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () =>
    (answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    }));
}
