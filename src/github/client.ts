import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbotOctokit } from 'probot';
import { RetryableError } from '../errors.ts';
import type { Entrance, RepositoryRef } from './port.ts';
import type { Serial } from './writes.ts';

/**
 * REST methods and pagination: what Probot's `auth()` gives, with installation tokens renewed by themselves, and
 * @octokit/rest for personal tokens.
 */
export type Octokit = Omit<InstanceType<typeof ProbotOctokit>, 'retry' | 'config'>;

/** One repository, through its installation's client. */
export type Client = {
  octokit: Octokit;
  /** `{ owner, repo }`, for the routes. */
  at: { owner: string; repo: string };
  /**
   * Sends a request that changes something: one at a time per installation or token, spaced, within the shared budget; `first`
   * before those that are not.
   */
  write: <T>(send: () => Promise<T>, options?: { first?: boolean }) => Promise<T>;
  /** Runs the finding and making of one thing (named by its natural key) after any other of the same key. */
  alone: <T>(key: string, work: () => Promise<T>) => Promise<T>;
  /** The app's slug: what is ours carries it. */
  slug: () => Promise<string>;
  /** How long to wait before each look for what may have been made (ms). */
  settle: readonly number[];
};

/**
 * For a POST that makes something new. Octokit's retry plugin sends a failed POST again, and after a
 * 502 that took effect there would be two.
 */
export const once = { request: { retries: 0 } } as const;

/** Asks the budget that all processes share for one write. */
export type Permit = (entrance: Entrance) => Promise<{ ok: true } | { ok: false; retryAfterMs: number }>;

/** A wait no longer than this is waited out where it is: the second between two writes, not a rate limit. */
const SHORT_WAIT_MS = 2_000;

/** RetryableError when the budget is used up: the job is done later, and nobody waits on a worker's place. */
async function permitted(permit: Permit, entrance: Entrance): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const permission = await permit(entrance);
    if (permission.ok) return;
    const { retryAfterMs } = permission;
    if (retryAfterMs > SHORT_WAIT_MS || tries >= 10) {
      throw new RetryableError('The budget of writes to GitHub is used up for now.', { retryAfterMs });
    }
    // A little more than asked, different each time, so that waiting processes do not ask all at once.
    await sleep(retryAfterMs * (1 + Math.random() / 4));
  }
}

export function createClients(deps: {
  octokitOf: (entrance: Entrance) => Promise<Octokit>;
  slug: () => Promise<string>;
  writes: Serial;
  permit?: Permit;
  keys: Serial;
  settle: readonly number[];
}) {
  return async (repo: RepositoryRef): Promise<Client> => ({
    octokit: await deps.octokitOf(repo),
    at: { owner: repo.owner, repo: repo.name },
    write: (send, options) => {
      const permittedSend = async () => {
        if (deps.permit) await permitted(deps.permit, repo);
        return send();
      };
      return deps.writes(repo.tokenEnv ?? String(repo.installationId), permittedSend, options);
    },
    alone: (key, work) => deps.keys(`${repo.repositoryId} ${key}`, work),
    slug: deps.slug,
    settle: deps.settle,
  });
}
