import { createRoute, z } from '@hono/zod-openapi';
import { answers, takes, Done } from './describe.ts';
import type { Api } from './env.ts';
import { problemsOfChange } from './problem.ts';
import type { RunActions } from './run-actions.ts';
import { RunPath } from './runs.ts';

const route = createRoute({
  method: 'post',
  path: '/runs/{runId}/approve',
  operationId: 'approveRun',
  summary: 'Says yes to what a run waits for',
  description: 'Who may is what the repository says of its approvers, as on GitHub.',
  request: {
    params: RunPath,
    body: takes(
      z.strictObject({
        plan: z
          .string()
          .regex(/^[0-9a-f]{8,64}$/, 'is no hash of a plan')
          .optional()
          .openapi({
            description: 'The hash of the plan that you saw, or its beginning: then no other is approved.',
          }),
      }),
    ),
  },
  responses: {
    200: answers('The run goes on', Done),
    ...problemsOfChange('not_found', 'conflict'),
  },
});

export function approveRoutes(api: Api, { actions }: { actions: RunActions }): void {
  api.openapi(route, async (c) => {
    await actions.approve(c.get('principal'), c.req.valid('param').runId, c.req.valid('json').plan ?? null);
    return c.json({ success: true as const, message: 'The run goes on' }, 200);
  });
}
