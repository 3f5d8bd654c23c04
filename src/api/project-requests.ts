import { createRoute, z } from '@hono/zod-openapi';
import { isTokenName, NO_TOKEN_NAME } from '../domain/personal-token.ts';
import { GitMode, WorkspaceMode } from '../domain/project.ts';
import { isBranchName } from '../domain/refs.ts';
import type { Access } from './access.ts';
import { answers, takes } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { problemsOfChange } from './problem.ts';
import { createProjectActions } from './project-actions.ts';
import { Project, ProjectPath, shownProject } from './projects.ts';

const name = z.string().trim().min(1).max(200);
const branch = z.string().refine(isBranchName, 'is no name of a branch');
const tokenName = z.string().refine(isTokenName, NO_TOKEN_NAME).openapi({ example: 'GITHUB_TOKEN' });

export const NewProject = z
  .strictObject({
    name,
    repo_url: z.string().trim().min(1).max(1_000).optional().openapi({ example: 'https://github.com/org/new-repo' }),
    local_path: z.string().min(1).max(1_000).optional().openapi({ description: 'In a folder of NOFX_LOCAL_ROOTS.' }),
    workspace_mode: WorkspaceMode.optional(),
    git_mode: GitMode.default('basic'),
    default_branch: branch.optional().openapi({ description: "Where runs start; the repository's own when absent." }),
    token_env: tokenName.optional(),
  })
  .openapi('NewProject');
export type NewProject = z.infer<typeof NewProject>;

export const ProjectChange = z
  .strictObject({
    name: name.optional(),
    workspace_mode: z.enum(['clone', 'worktree']).optional(),
    git_mode: GitMode.optional(),
    default_branch: branch.nullable().optional().openapi({ description: "null: the repository's own again." }),
    token_env: tokenName.nullable().optional(),
  })
  .openapi('ProjectChange');
export type ProjectChange = z.infer<typeof ProjectChange>;

const one = answers('The project', Project);

const createProjectRoute = createRoute({
  method: 'post',
  path: '/projects',
  operationId: 'createProject',
  summary: 'Adds a repository that the app is not on: by a personal token, or on this disk',
  description: 'For the admin. Repositories that the app is on are projects already.',
  request: { body: takes(NewProject) },
  responses: { 201: one, ...problemsOfChange('conflict') },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/projects/{projectId}',
  operationId: 'changeProject',
  summary: 'Changes what is settled for a project',
  description:
    "What the repository's own `.github/nofx.yml` says goes before. For the admin; of a repository that the app is on also for its admins.",
  request: {
    params: ProjectPath,
    body: takes(ProjectChange),
  },
  responses: { 200: one, ...problemsOfChange('not_found') },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/projects/{projectId}',
  operationId: 'deleteProject',
  summary: 'Deletes a project',
  description:
    'For the admin. Not while the app is on it or a run is under way; and where it has runs, only together with them. Its repository is left alone.',
  request: {
    params: ProjectPath,
    query: z.strictObject({
      runs: z.enum(['delete']).optional().openapi({ description: 'With its runs, their events and artifacts.' }),
    }),
  },
  responses: { 204: { description: 'It is gone' }, ...problemsOfChange('not_found', 'conflict') },
});

/** What the admin, and in part the admins of a repository, settle about projects. */
export function projectRequestRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const actions = createProjectActions(deps);

  api.openapi(createProjectRoute, async (c) => {
    const project = await actions.add(c.get('principal'), c.req.valid('json'));
    return c.json(shownProject(project), 201, { Location: `/projects/${project.id}` });
  });

  api.openapi(changeRoute, async (c) => {
    const { projectId } = c.req.valid('param');
    return c.json(shownProject(await actions.change(c.get('principal'), projectId, c.req.valid('json'))), 200);
  });

  api.openapi(deleteRoute, async (c) => {
    const withRuns = c.req.valid('query').runs === 'delete';
    await actions.remove(c.get('principal'), c.req.valid('param').projectId, { withRuns });
    return c.body(null, 204);
  });
}
