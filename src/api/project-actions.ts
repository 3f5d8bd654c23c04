import { LEAST_ROLE } from '../domain/command.ts';
import { nameOf, type Principal } from '../domain/principal.ts';
import type { Project } from '../domain/project.ts';
import { isAtLeast } from '../domain/role.ts';
import { changeProject, createProject, removeProject, syncProject } from '../runs/change-projects.ts';
import { adminOnly, type Access } from './access.ts';
import type { ApiDeps } from './env.ts';
import { ApiProblem, type Mistake } from './problem.ts';
import type { NewProject, ProjectChange } from './project-requests.ts';
import { mistakesOfChange, placeOfNew, takenBy } from './project-rules.ts';

/** What people settle about projects by the API and the pages; each is refused with an `ApiProblem`. */
export function createProjectActions(deps: ApiDeps & { access: Access }) {
  const { access } = deps;
  return {
    async add(principal: Principal, wanted: NewProject): Promise<Project> {
      adminOnly(principal, 'To add a project is for the admin.');
      const { mistakes, place } = await placeOfNew(deps, wanted);
      refuse(mistakes);
      const made = await createProject(deps, place, { by: nameOf(principal) });
      if (!made.ok) throw takenBy(made.taken);
      return made.project;
    },

    async change(principal: Principal, id: string, wanted: ProjectChange): Promise<Project> {
      const before = await access.project(principal, id);
      if (before.installationId === null)
        adminOnly(principal, 'To change a project that the app is not on is for the admin.');
      else await access.demand(principal, before, 'admin', 'To change a project');
      refuse(mistakesOfChange(deps, before, wanted));
      const {
        git_mode: gitMode,
        workspace_mode: workspaceMode,
        default_branch: baseBranch,
        token_env: tokenEnv,
      } = wanted;
      const change = given({ name: wanted.name, gitMode, workspaceMode, baseBranch, tokenEnv });
      const project = await changeProject(deps, before.id, change, { by: nameOf(principal) });
      if (project === null) throw new ApiProblem('not_found');
      return project;
    },

    async sync(principal: Principal, id: string): Promise<{ project: Project; branch: string; head: string }> {
      const project = await access.project(principal, id);
      await access.demand(principal, project, LEAST_ROLE.run, 'To sync a project');
      return syncProject(deps, project);
    },

    async remove(principal: Principal, id: string, { withRuns }: { withRuns: boolean }): Promise<Project> {
      const project = await access.project(principal, id);
      adminOnly(principal, 'To delete a project is for the admin.');
      if (isInstalled(project)) {
        throw new ApiProblem('conflict', {
          detail: `The app is on ${project.name}, so it is a project.`,
          next: 'Take the app off the repository on GitHub; then it goes by itself, or, where it has runs, can be deleted.',
        });
      }
      const outcome = await removeProject(deps, project, { runs: withRuns, by: nameOf(principal) });
      if (outcome !== 'deleted') throw keptFor(outcome);
      return project;
    },

    /** What to offer somebody; it is asked again when they do it. */
    async may(principal: Principal, project: Project): Promise<{ change: boolean; sync: boolean; remove: boolean }> {
      const role = await access.roleIn(principal, project);
      const mayChange = project.installationId === null ? principal.kind === 'admin' : isAtLeast(role, 'admin');
      return {
        change: mayChange,
        sync: isAtLeast(role, LEAST_ROLE.run),
        remove: principal.kind === 'admin' && !isInstalled(project),
      };
    },
  };
}

const isInstalled = ({ installationId, removedAt }: Project) => installationId !== null && removedAt === null;

function keptFor(runs: 'runs under way' | 'runs kept'): ApiProblem {
  return runs === 'runs under way'
    ? new ApiProblem('conflict', { detail: 'A run of it is under way.', next: 'Cancel it, or wait for its end.' })
    : new ApiProblem('conflict', {
        detail: 'It has runs, which would be lost with it.',
        next: 'Add `?runs=delete` to delete them as well, with their events and artifacts.',
      });
}

function refuse(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new ApiProblem('invalid', { errors: mistakes });
}

/** Without what was not given. */
function given<T extends object>(fields: T): Partial<{ [Key in keyof T]: Exclude<T[Key], undefined> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<{
    [Key in keyof T]: Exclude<T[Key], undefined>;
  }>;
}
