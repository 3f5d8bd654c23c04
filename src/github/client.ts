import type { ProbotOctokit } from 'probot';
import type { RepositoryRef } from './port.ts';
import type { Serial } from './writes.ts';

/** What Probot's `auth()` gives: REST methods, pagination, installation tokens renewed by themselves. */
export type Octokit = InstanceType<typeof ProbotOctokit>;

/** One repository, through its installation's client. */
export type Client = {
  octokit: Octokit;
  /** `{ owner, repo }`, for the routes. */
  at: { owner: string; repo: string };
  /** Sends a request that changes something: one at a time per installation, spaced; `first` before those that are not. */
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

export function createClients(deps: {
  octokitFor: (installationId?: number) => Promise<Octokit>;
  slug: () => Promise<string>;
  writes: Serial;
  keys: Serial;
  settle: readonly number[];
}) {
  return async (repo: RepositoryRef): Promise<Client> => ({
    octokit: await deps.octokitFor(repo.installationId),
    at: { owner: repo.owner, repo: repo.name },
    write: (send, options) => deps.writes(String(repo.installationId), send, options),
    alone: (key, work) => deps.keys(`${repo.repositoryId} ${key}`, work),
    slug: deps.slug,
    settle: deps.settle,
  });
}
