import { createHash } from 'node:crypto';
import { beginEffect, finishEffect } from '../db/effects.ts';
import type { Run } from '../db/runs.ts';
import { markerMessage } from '../domain/naming.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from './deps.ts';

type Result = Record<string, unknown>;

/**
 * Does something to the outside world once for a run: records the intent, performs, records what came
 * of it. After a crash between the two, `perform` runs again, so it must find before it makes.
 */
export async function once<T extends Result>(
  { db }: Pick<Deps, 'db'>,
  runId: string,
  key: string,
  perform: () => Promise<T>,
): Promise<T> {
  const done = await beginEffect(db, runId, key);
  if (done !== null) return done as T;
  const result = await perform();
  await finishEffect(db, runId, key, result);
  return result;
}

/**
 * Keeps something outside (a comment, a check) in step with `content`, and leaves it alone while the
 * content stays the same: writes to GitHub are few, 80 a minute.
 */
export async function keep(
  { db }: Pick<Deps, 'db'>,
  runId: string,
  key: string,
  content: unknown,
  write: (known: number | undefined) => Promise<{ id: number; url: string }>,
): Promise<{ id: number; url: string }> {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const done = (await beginEffect(db, runId, key)) as { id: number; url: string; hash: string } | null;
  if (done?.hash === hash) return done;
  const { id, url } = await write(done?.id);
  await finishEffect(db, runId, key, { id, url, hash });
  return { id, url };
}

/**
 * The commit that carries the run's check until its work is pushed: the base's tree, on the run's branch. A run that
 * changes a pull request has one: the head of its branch.
 */
export function ensureMarker(
  deps: Pick<Deps, 'db' | 'adapters'>,
  run: Run,
  repository: RepositoryRef,
): Promise<{ sha: string }> {
  const { github } = deps.adapters;
  const { pullRequest } = run.source;
  if (pullRequest) return Promise.resolve({ sha: pullRequest.headSha });
  return once(deps, run.id, 'marker', async () =>
    github.createMarker(repository, {
      branch: run.branch,
      base: run.baseSha,
      message: markerMessage({ runId: run.id, issueNumber: run.source.issue?.number }),
      author: await github.appIdentity(),
      date: run.createdAt,
    }),
  );
}
