import { LEAST_ROLE } from '../domain/command.ts';
import { nameOf, type Principal } from '../domain/principal.ts';
import type { Project } from '../domain/project.ts';
import { isAtLeast } from '../domain/role.ts';
import { changeProject, createProject, syncProject } from '../runs/change-projects.ts';
import { adminOnly, type Access } from './access.ts';
import type { ApiDeps } from './env.ts';
import { ApiProblem, type Mistake } from './problem.ts';
import type { NewProject, ProjectChange } from './project-requests.ts';
import { mistakesOfChange, placeOfNew } from './project-rules.ts';

/** What people settle about projects by the API and the pages; each is refused with an `ApiProblem`. */
export function createProjectActions(deps: ApiDeps & { access: Access }) {
  const { access } = deps;
  return {
    async add(principal: Principal, wanted: NewProject): Promise<Project> {
      adminOnly(principal, 'To add a project is for the admin.');
      const { mistakes, place } = await placeOfNew(deps, wanted);
      refuse(mistakes);
      return createProject(deps, place, { by: nameOf(principal) });
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

    /** What to offer somebody; it is asked again when they do it. */
    async may(principal: Principal, project: Project): Promise<{ change: boolean; sync: boolean }> {
      const role = await access.roleIn(principal, project);
      const mayChange = project.installationId === null ? principal.kind === 'admin' : isAtLeast(role, 'admin');
      return { change: mayChange, sync: isAtLeast(role, LEAST_ROLE.run) };
    },
  };
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
