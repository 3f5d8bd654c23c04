import { createRoute, z } from '@hono/zod-openapi';
import { listProjects } from '../db/projects.ts';
import { GitMode, WorkspaceMode, type Project as ProjectRow } from '../domain/project.ts';
import { isAtLeast } from '../domain/role.ts';
import type { Access } from './access.ts';
import type { Api, ApiDeps } from './env.ts';
import { problems } from './problem.ts';

const Project = z
  .object({
    id: z.string(),
    name: z.string(),
    repo_url: z.string().nullable(),
    workspace_mode: WorkspaceMode,
    git_mode: GitMode,
    default_branch: z.string().nullable(),
    initialized: z.boolean(),
  })
  .openapi('Project');

/** So many are looked at for one answer: for each of them GitHub is asked whether you may read it. */
const MOST = 100;

const listRoute = createRoute({
  method: 'get',
  path: '/projects',
  operationId: 'listProjects',
  summary: 'The repositories that NOFX has worked in and that you may read',
  description: `Up to ${MOST} are looked at; with \`after\`, the id of the last, it goes on behind that one.`,
  request: { query: z.object({ after: z.string().max(200).optional() }) },
  responses: {
    200: { description: 'The projects, by id', content: { 'application/json': { schema: z.array(Project) } } },
    ...problems(),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}',
  operationId: 'getProject',
  summary: 'A project',
  request: { params: z.object({ projectId: z.string() }) },
  responses: {
    200: { description: 'The project', content: { 'application/json': { schema: Project } } },
    ...problems('not_found'),
  },
});

export function projectRoutes(api: Api, { db, access }: ApiDeps & { access: Access }): void {
  api.openapi(listRoute, async (c) => {
    const principal = c.get('principal');
    const rows = await listProjects(db, { after: c.req.valid('query').after, limit: MOST });
    const mayRead = await Promise.all(rows.map(async (row) => isAtLeast(await access.roleIn(principal, row), 'read')));
    return c.json(rows.filter((_row, index) => mayRead[index]).map(shown), 200);
  });

  api.openapi(getRoute, async (c) =>
    c.json(shown(await access.project(c.get('principal'), c.req.valid('param').projectId)), 200),
  );
}

function shown({ id, name, repoUrl, workspaceMode, gitMode, defaultBranch }: ProjectRow): z.infer<typeof Project> {
  return {
    id,
    name,
    repo_url: repoUrl,
    workspace_mode: workspaceMode,
    git_mode: gitMode,
    default_branch: defaultBranch,
    initialized: true,
  };
}
