import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';
import type { OpenCheck } from './port.ts';

/** Branches looked at in one repository at a time, from a random one on: each is a request, and GitHub lists all at once. */
const MOST_BRANCHES = 100;

/** Our own check runs that are not completed, on the commits that `nofx/…` branches point to. */
export async function listOpenChecks(client: Client, signal?: AbortSignal): Promise<OpenCheck[]> {
  const { octokit, at, slug } = client;
  const app = await slug();
  const { data: refs } = await octokit.request('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', {
    ...at,
    ref: 'heads/nofx/',
  });
  const heads = [...new Set(refs.map(({ object }) => object.sha))];
  const from = heads.length > MOST_BRANCHES ? Math.floor(Math.random() * heads.length) : 0;
  const open: OpenCheck[] = [];
  for (const headSha of [...heads.slice(from), ...heads.slice(0, from)].slice(0, MOST_BRANCHES)) {
    signal?.throwIfAborted();
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
      ...at,
      ref: headSha,
      filter: 'all',
      per_page: 100,
    });
    for (const check of data.check_runs) {
      if (check.status === 'completed' || check.app?.slug !== app) continue;
      const startedAt = check.started_at === null ? null : new Date(check.started_at);
      open.push({ id: Number(check.id), name: check.name, headSha, externalId: check.external_id ?? '', startedAt });
    }
  }
  return open;
}

/** Completes a check run as cancelled, saying why. One that is gone is no matter. */
export async function cancelCheck(
  { octokit, at, write }: Client,
  id: number,
  output: { title: string; summary: string },
): Promise<void> {
  const completed = {
    status: 'completed',
    conclusion: 'cancelled',
    completed_at: new Date().toISOString(),
    output,
  } as const;
  try {
    await write(() =>
      octokit.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
        ...at,
        check_run_id: id,
        ...completed,
      }),
    );
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}
