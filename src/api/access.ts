import { getProject } from '../db/projects.ts';
import { getRun, type Run } from '../db/runs.ts';
import type { Principal } from '../domain/principal.ts';
import type { Project } from '../domain/project.ts';
import { isAtLeast, type Role } from '../domain/role.ts';
import { UserError } from '../errors.ts';
import { githubOf } from '../handlers/access.ts';
import type { ApiDeps } from './env.ts';
import { createMemo } from './memo.ts';
import { ApiProblem } from './problem.ts';

/** What GitHub says of somebody is believed for so long. */
const BELIEVED_MS = 60_000;

export type Access = ReturnType<typeof createAccess>;

/**
 * Who may see and do what. Runs are seen by whoever asked for them and by whoever may read their repository; for all
 * others they are not there.
 */
export function createAccess({ db, adapters }: Pick<ApiDeps, 'db' | 'adapters'>) {
  const asked = createMemo<Role>(BELIEVED_MS, async (key) => {
    const { projectId, id, login } = JSON.parse(key) as { projectId: string; id: number; login: string };
    const project = await getProject(db, projectId);
    const repository = project && githubOf(project);
    // A project that is no repository of GitHub's is the admin's alone; so is one that the app was taken off.
    if (repository === null || project?.removedAt) return 'none';
    try {
      return await adapters.github.permission(repository, login, id);
    } catch (error) {
      // The app was taken off it, or the repository is gone.
      if (error instanceof UserError) return 'none';
      throw error;
    }
  });

  /** The role of somebody in a project. */
  const roleIn = async (principal: Principal, { id: projectId }: Pick<Project, 'id'>): Promise<Role> => {
    if (principal.kind === 'link') return 'none';
    if (principal.kind === 'admin') return 'admin';
    return asked(JSON.stringify({ projectId, id: principal.githubId, login: principal.login }));
  };

  /** Those of some projects that the principal may read. */
  const readable = async <T extends Pick<Project, 'id'>>(
    principal: Principal,
    projects: readonly T[],
  ): Promise<T[]> => {
    const mayRead = await Promise.all(projects.map(async (each) => isAtLeast(await roleIn(principal, each), 'read')));
    return projects.filter((_each, index) => mayRead[index]);
  };

  const maySee = async (principal: Principal, run: Pick<Run, 'id' | 'projectId' | 'source'>): Promise<boolean> =>
    isOwn(principal, run) ||
    ('link' in principal && principal.link === run.id) ||
    isAtLeast(await roleIn(principal, { id: run.projectId }), 'read');

  /** A run that the principal may see. */
  const seen = async (principal: Principal, id: string): Promise<Run> => {
    const run = await getRun(db, id);
    if (run === null || !(await maySee(principal, run))) throw new ApiProblem('not_found');
    return run;
  };

  /** 403 for somebody without the role; `what` takes it. */
  const demand = async (
    principal: Principal,
    { id, name }: Pick<Project, 'id' | 'name'>,
    least: Role,
    what = 'That',
  ): Promise<void> => {
    if (isAtLeast(await roleIn(principal, { id }), least)) return;
    throw new ApiProblem('forbidden', { detail: `${what} takes the role ${least} in ${name}.` });
  };

  /** Whether somebody may change a run: who asked for it may, and whoever has the role. */
  const mayChange = async (principal: Principal, run: Pick<Run, 'projectId' | 'source'>, least: Role) =>
    isOwn(principal, run) || isAtLeast(await roleIn(principal, { id: run.projectId }), least);

  return {
    roleIn,
    readable,
    mayChange,
    demand,
    run: seen,

    /** The same, for somebody who wants to change it: who asked for it may, and whoever has the role. */
    async runToChange(principal: Principal, id: string, least: Role): Promise<Run> {
      const run = await seen(principal, id);
      if (!isOwn(principal, run)) {
        await demand(principal, { id: run.projectId, name: run.source.repository }, least);
      }
      return run;
    },

    /** A project that the principal may read. */
    async project(principal: Principal, id: string): Promise<Project> {
      const project = await getProject(db, id);
      if (project === null || !isAtLeast(await roleIn(principal, project), 'read')) throw new ApiProblem('not_found');
      return project;
    },
  };
}

/** Ends the request of anybody but the admin: what is about all of NOFX is about no project's people. */
export function adminOnly({ kind }: Principal, detail = 'That is the admin’s alone.'): void {
  if (kind !== 'admin') throw new ApiProblem('forbidden', { detail });
}

function isOwn(principal: Principal, { source }: Pick<Run, 'source'>): boolean {
  return principal.kind === 'admin' || (principal.kind === 'user' && source.requester?.id === principal.githubId);
}
