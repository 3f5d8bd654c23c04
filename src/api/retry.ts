import { randomUUID } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { getProject } from '../db/projects.ts';
import { LEAST_ROLE } from '../domain/command.ts';
import { retryByApi } from '../runs/retry-by-api.ts';
import type { Access } from './access.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems } from './problem.ts';
import { requesterOf } from './run-requests.ts';

const route = createRoute({
  method: 'post',
  path: '/runs/{runId}/steps/{stepId}/retry',
  operationId: 'retryStep',
  summary: 'Does a run that has failed again, from one of its steps on',
  description:
    'A run that has ended stays as it ended: this opens another, `run_id`. From a step on that comes after the code was written, that code is taken over, with its base.',
  request: { params: z.object({ runId: z.string(), stepId: z.string() }) },
  responses: {
    200: {
      description: 'The new run',
      content: {
        'application/json': { schema: z.object({ success: z.literal(true), message: z.string(), run_id: z.string() }) },
      },
    },
    ...problems('not_found', 'forbidden', 'conflict', 'refused'),
  },
});

export function retryRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const { db, access, defaults } = deps;
  api.openapi(route, async (c) => {
    const principal = c.get('principal');
    const { runId, stepId } = c.req.valid('param');
    const run = await access.run(principal, runId);
    const project = (await getProject(db, run.projectId))!;
    // Unlike stopping it, doing it again takes the role now, whoever asked then.
    await access.demand(principal, project, LEAST_ROLE.retry);
    if (run.endedAt === null || run.status === 'succeeded') {
      const how = run.endedAt === null ? 'is not over' : 'has succeeded';
      throw new ApiProblem('conflict', { detail: `${run.id} ${how}, so there is nothing to try again.` });
    }
    if (run.source.pullRequest?.rebase) {
      throw new ApiProblem('conflict', { detail: 'A rebase is asked for anew on its pull request.' });
    }
    const opened = await retryByApi(deps, defaults, run, {
      project,
      requester: await requesterOf(principal, deps),
      stepId,
      triggerKey: `api:${randomUUID()}`,
    });
    if (opened === null) throw new ApiProblem('not_found');
    return c.json({ success: true as const, message: 'Step retry initiated', run_id: opened.id }, 200);
  });
}
