import { createRoute, z } from '@hono/zod-openapi';
import { answers, Done } from './describe.ts';
import type { Api } from './env.ts';
import { problemsOfChange } from './problem.ts';
import type { RunActions } from './run-actions.ts';

const route = createRoute({
  method: 'post',
  path: '/runs/{runId}/steps/{stepId}/retry',
  operationId: 'retryStep',
  summary: 'Does a run that has failed again, from one of its steps on',
  description:
    'A run that has ended stays as it ended: this opens another, `run_id`. From a step on that comes after the code was written, that code is taken over, with its base.',
  request: { params: z.object({ runId: z.string(), stepId: z.string() }) },
  responses: {
    200: answers('The new run', Done.extend({ run_id: z.string() })),
    ...problemsOfChange('not_found', 'conflict', 'refused'),
  },
});

export function retryRoutes(api: Api, { actions }: { actions: RunActions }): void {
  api.openapi(route, async (c) => {
    const { runId, stepId } = c.req.valid('param');
    const { id } = await actions.retry(c.get('principal'), runId, stepId);
    return c.json({ success: true as const, message: 'Step retry initiated', run_id: id }, 200);
  });
}
