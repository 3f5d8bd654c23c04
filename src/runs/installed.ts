import { listInstalledIds, listOrphaned, removeInstalled } from '../db/installed.ts';
import { upsertProjects } from '../db/projects.ts';
import { projectIdOf } from '../domain/project.ts';
import { UserError } from '../errors.ts';
import type { Deps } from './deps.ts';

type Room = Pick<Deps, 'db' | 'adapters' | 'log'>;

/** Makes projects of all that an installation covers, and lets those go that it does not cover any more. */
export async function syncInstallation(
  { db, adapters }: Pick<Deps, 'db' | 'adapters'>,
  installationId: number,
): Promise<{ here: number; gone: number }> {
  // Before GitHub is asked: what comes while it answers is not missing, but new.
  const known = await listInstalledIds(db, installationId);
  const covered = await adapters.github.installedRepositories(installationId);
  // In one order, so that two that do this at a time do not wait for each other.
  const sorted = covered.toSorted((a, b) => a.repositoryId - b.repositoryId);
  const rows = sorted.map(({ repositoryId, owner, name, cloneUrl, defaultBranch }) => ({
    id: projectIdOf({ repositoryId }),
    name: `${owner}/${name}`,
    repoUrl: cloneUrl,
    workspaceMode: 'worktree' as const,
    gitMode: 'basic' as const,
    defaultBranch,
    installationId,
    repositoryId,
  }));
  await upsertProjects(db, rows);
  const here = new Set(rows.map(({ id }) => id));
  const gone = await removeInstalled(
    db,
    known.filter((id) => !here.has(id)),
  );
  return { here: here.size, gone };
}

/** Lets all projects of an installation go: it was deleted or suspended. */
export async function endInstallation({ db }: Pick<Deps, 'db'>, installationId: number): Promise<{ gone: number }> {
  return { gone: await removeInstalled(db, await listInstalledIds(db, installationId)) };
}

/** The same for everything the app is on, for what happened while nobody listened. */
export async function syncInstallations(deps: Room, signal: AbortSignal): Promise<{ again: boolean }> {
  const installations = await deps.adapters.github.installations();
  const gone = await removeInstalled(deps.db, await listOrphaned(deps.db, installations));
  const faults: unknown[] = [];
  for (const id of installations) {
    signal.throwIfAborted();
    try {
      const { here, gone: left } = await syncInstallation(deps, id);
      deps.log.debug({ installation: id, here, gone: left }, 'looked what the app is on');
    } catch (error) {
      // What GitHub fails at here it may do well elsewhere.
      if (!(error instanceof UserError)) faults.push(error);
      // Deleted or suspended since it was listed: the next turn, or its own event, sees to it.
      else deps.log.info({ err: error, installation: id }, 'an installation cannot be entered');
    }
  }
  if (faults.length > 0) throw faults[0];
  if (gone > 0) deps.log.info({ gone }, 'the app was taken off repositories');
  return { again: false };
}
