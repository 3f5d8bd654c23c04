import { budgetUse, writerOfInstallation } from '../db/budget.ts';
import { COMMENT, sinceEffect } from '../db/effects.ts';
import type { Run } from '../db/runs.ts';
import { progressPaceMs } from '../domain/pace.ts';
import type { Project } from '../domain/project.ts';
import { RetryableError } from '../errors.ts';
import { PROGRESS_EVERY_MS } from './announce.ts';
import type { Deps } from './deps.ts';

/**
 * RetryableError where the installation has little left to write with and this run was shown a moment ago: its next
 * update can wait. The first update of a run and the last never do.
 */
export async function keepPace(
  { db, progressEveryMs = PROGRESS_EVERY_MS }: Pick<Deps, 'db' | 'progressEveryMs'>,
  run: Pick<Run, 'id' | 'status'>,
  { installationId }: Pick<Project, 'installationId'>,
): Promise<void> {
  if (installationId === null || (run.status !== 'running' && run.status !== 'queued')) return;
  // The comment changes with everything that people see of a run.
  const since = await sinceEffect(db, run.id, COMMENT);
  if (since === null) return;
  const pace = progressPaceMs(await budgetUse(db, writerOfInstallation(installationId)), progressEveryMs);
  // Within its usual pace it was held when it was announced, and not to the millisecond.
  if (pace > progressEveryMs && since < pace)
    throw new RetryableError('Little is left of the budget of writes to GitHub.', { retryAfterMs: pace - since });
}
