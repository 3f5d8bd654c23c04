import { createRoute, z } from '@hono/zod-openapi';
import { listProjects } from '../db/projects.ts';
import { GitMode, WorkspaceMode, type Project as ProjectRow } from '../domain/project.ts';
import type { Access } from './access.ts';
import { answers } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { problems, problemsOfChange } from './problem.ts';
import { createProjectActions } from './project-actions.ts';

export const Project = z
  .object({
    id: z.string().openapi({ example: 'p_0123456789abcdef01' }),
    name: z.string(),
    repo_url: z.string().nullable(),
    local_path: z.string().nullable(),
    workspace_mode: WorkspaceMode,
    git_mode: GitMode,
    default_branch: z.string().nullable().openapi({
      description:
        "Where runs start: what was settled here, or the repository's own. null where nobody has looked yet.",
    }),
    token_env: z.string().nullable().openapi({ description: 'The variable of the server that holds its token.' }),
    access: z.enum(['app', 'token', 'local', 'none']).openapi({
      description:
        '`app`: the app is on it. `none`: it can be read at most; the app was taken off it, or it has no token.',
    }),
    initialized: z.boolean().openapi({ description: 'Its repository has been reached and read.' }),
    synced_at: z.iso.datetime().nullable(),
    removed_at: z.iso.datetime().nullable().openapi({ description: 'Since when the app is not on it any more.' }),
  })
  .openapi('Project');

export const ProjectPath = z.object({ projectId: z.string() });

/** So many are looked at for one answer: for each of them GitHub is asked whether you may read it. */
const MOST = 100;

const listRoute = createRoute({
  method: 'get',
  path: '/projects',
  operationId: 'listProjects',
  summary: 'The projects that you may read',
  description: `Every repository that the app is on, and what the admin has added. Up to ${MOST} are looked at; with \`after\`, the id of the last, it goes on behind that one.`,
  request: { query: z.object({ after: z.string().max(200).optional() }) },
  responses: {
    200: answers('The projects, by id', z.array(Project)),
    ...problems(),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}',
  operationId: 'getProject',
  summary: 'A project',
  request: { params: ProjectPath },
  responses: {
    200: answers('The project', Project),
    ...problems('not_found'),
  },
});

const syncRoute = createRoute({
  method: 'post',
  path: '/projects/{projectId}/sync',
  operationId: 'syncProject',
  summary: 'Looks whether its repository can be reached, and fetches what a run would start from',
  request: { params: ProjectPath },
  responses: {
    200: answers(
      'What was found',
      z.object({
        project: Project,
        branch: z.string().openapi({ description: 'Where a run would start.' }),
        head: z.string().openapi({ description: 'The commit there.' }),
      }),
    ),
    ...problemsOfChange('not_found', 'refused'),
  },
});

export function projectRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const { db, access } = deps;
  const actions = createProjectActions(deps);

  api.openapi(listRoute, async (c) => {
    const principal = c.get('principal');
    const rows = await listProjects(db, { after: c.req.valid('query').after, limit: MOST });
    return c.json((await access.readable(principal, rows)).map(shownProject), 200);
  });

  api.openapi(getRoute, async (c) =>
    c.json(shownProject(await access.project(c.get('principal'), c.req.valid('param').projectId)), 200),
  );

  api.openapi(syncRoute, async (c) => {
    const { project, branch, head } = await actions.sync(c.get('principal'), c.req.valid('param').projectId);
    return c.json({ project: shownProject(project), branch, head }, 200);
  });
}

/** A project as the API tells of it. */
export function shownProject(row: ProjectRow): z.infer<typeof Project> {
  return {
    id: row.id,
    name: row.name,
    repo_url: row.repoUrl,
    local_path: row.localPath,
    workspace_mode: row.workspaceMode,
    git_mode: row.gitMode,
    default_branch: row.baseBranch ?? row.defaultBranch,
    token_env: row.tokenEnv,
    access: accessOfProject(row),
    initialized: row.syncedAt !== null,
    synced_at: row.syncedAt && row.syncedAt.toISOString(),
    removed_at: row.removedAt && row.removedAt.toISOString(),
  };
}

function accessOfProject({ installationId, removedAt, localPath, tokenEnv }: ProjectRow) {
  if (installationId !== null) return removedAt === null ? 'app' : 'none';
  if (localPath !== null) return 'local';
  return tokenEnv === null ? 'none' : 'token';
}
