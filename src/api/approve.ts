import { randomUUID } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { getProject } from '../db/projects.ts';
import { nameOf } from '../domain/principal.ts';
import { githubOf } from '../handlers/access.ts';
import { approveRun } from '../runs/approve-plan.ts';
import type { Access } from './access.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems } from './problem.ts';
import { RunPath } from './runs.ts';

const route = createRoute({
  method: 'post',
  path: '/runs/{runId}/approve',
  operationId: 'approveRun',
  summary: 'Says yes to what a run waits for',
  description: 'Who may is what the repository says of its approvers, as on GitHub.',
  request: {
    params: RunPath,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            plan: z
              .string()
              .regex(/^[0-9a-f]{8,64}$/, 'is no hash of a plan')
              .optional()
              .openapi({
                description: 'The hash of the plan that you saw, or its beginning: then no other is approved.',
              }),
          }),
        },
      },
    },
  },
  responses: {
    200: {
      description: 'The run goes on',
      content: { 'application/json': { schema: z.object({ success: z.literal(true), message: z.string() }) } },
    },
    ...problems('not_found', 'forbidden', 'conflict'),
  },
});

export function approveRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const { db, access } = deps;
  api.openapi(route, async (c) => {
    const principal = c.get('principal');
    const run = await access.run(principal, c.req.valid('param').runId);
    const project = (await getProject(db, run.projectId))!;
    const id = principal.kind === 'admin' ? 0 : principal.githubId;
    const result = await approveRun(deps, run, {
      repository: githubOf(project),
      by: { login: nameOf(principal), id, role: await access.roleIn(principal, project) },
      hash: c.req.valid('json').plan ?? null,
      writtenAt: null,
      trigger: `api:${randomUUID()}`,
    });
    if (result.kind === 'approved') return c.json({ success: true as const, message: 'The run goes on' }, 200);
    if (result.kind === 'stale') {
      throw new ApiProblem('conflict', { detail: 'The plan is not what it was any more, so the run has ended.' });
    }
    const { kind, message, next } = result.failure;
    throw new ApiProblem(kind === 'permission' ? 'forbidden' : 'conflict', { detail: message, next });
  });
}
