import {
  deleteProject,
  findProjectAt,
  insertProject,
  listRunsToDelete,
  lockPlace,
  noteSeen,
  updateProject,
  type ProjectChange,
} from '../db/projects.ts';
import type { Project } from '../domain/project.ts';
import { InternalError } from '../errors.ts';
import { accessOf } from '../handlers/access.ts';
import type { Deps } from './deps.ts';
import { lookAt, type Seen } from './look-at.ts';
import { newId } from './new-steps.ts';
import { removeRun } from './remove-run.ts';

export type NewProject = Pick<
  Project,
  'name' | 'repoUrl' | 'localPath' | 'workspaceMode' | 'gitMode' | 'baseBranch' | 'tokenEnv'
>;

type Room = Pick<Deps, 'db' | 'adapters' | 'log'>;

/** Who did it, for the log: there is no run to keep it with. */
type By = { by: string };

/** A project that was made, or the one that is at that place already. */
export type Made = { ok: true; project: Project } | { ok: false; taken: Project };

/** Makes a project, unless there is one at its place. Nobody has looked at its repository yet. */
export async function createProject({ db, log }: Room, wanted: NewProject, { by }: By): Promise<Made> {
  const made = await db.transaction(async (tx): Promise<Made> => {
    await lockPlace(tx, wanted);
    const taken = await findProjectAt(tx, wanted);
    return taken ? { ok: false, taken } : { ok: true, project: await insertProject(tx, { id: newId('p'), ...wanted }) };
  });
  if (made.ok)
    log.info({ project: made.project.id, name: wanted.name, token: wanted.tokenEnv, by }, 'a project was made');
  return made;
}

/** Changes what is settled for a project; null where it is gone. */
export async function changeProject(
  { db, log }: Room,
  id: string,
  change: ProjectChange,
  { by }: By,
): Promise<Project | null> {
  const project = await updateProject(db, id, change);
  if (project) log.info({ project: id, change, by }, 'a project was changed');
  return project;
}

/** Fetches the commit that a run would start from, and notes what was found. UserError says what is in the way. */
export async function syncProject(deps: Room, project: Project): Promise<Seen & { branch: string; head: string }> {
  const seen = await lookAt(deps, project);
  const branch = seen.project.baseBranch ?? seen.defaultBranch;
  const access = accessOf({ ...deps, project: seen.project, signal: AbortSignal.timeout(300_000) });
  const head = await deps.adapters.workspaces.resolve(access, branch);
  const noted = await noteSeen(deps.db, seen.project);
  if (noted === null) throw new InternalError(`${project.id} was deleted while it was looked at.`);
  return { ...seen, project: noted, branch, head };
}

/** What became of the wish to delete a project. */
export type Deleted = 'deleted' | 'runs under way' | 'runs kept';

/** Deletes a project; with `runs`, also what there is of its runs, which all have to be over. */
export async function removeProject(
  deps: Room,
  { id, name }: Pick<Project, 'id' | 'name'>,
  { runs, by }: By & { runs: boolean },
): Promise<Deleted> {
  for (;;) {
    const found = await listRunsToDelete(deps.db, id, 50);
    if (found.some(({ endedAt }) => endedAt === null)) return 'runs under way';
    if (found.length > 0 && !runs) return 'runs kept';
    if (found.length === 0) break;
    for (const run of found) await removeRun(deps, run.id);
  }
  if (!(await deleteProject(deps.db, id))) return 'runs under way';
  deps.log.info({ project: id, name, runs, by }, 'a project was deleted');
  return 'deleted';
}
