import { createRoute, z } from '@hono/zod-openapi';
import { listArtifacts } from '../db/artifacts.ts';
import { listEvents } from '../db/events.ts';
import { listSteps } from '../db/steps.ts';
import { DIFF_ARTIFACT } from '../handlers/change-set.ts';
import type { Access } from './access.ts';
import { answers } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems, problemsOfChange } from './problem.ts';
import type { RunActions } from './run-actions.ts';
import { RunDetails, runDetails, RunEvent, runEvent } from './shapes.ts';

export const RunPath = z.object({
  runId: z.string().openapi({ param: { name: 'runId', in: 'path' }, example: 'run_0123456789abcdef01' }),
});

const getRoute = createRoute({
  method: 'get',
  path: '/runs/{runId}',
  operationId: 'getRun',
  summary: 'A run with its steps, artifacts and cost',
  request: { params: RunPath },
  responses: {
    200: answers('The run', RunDetails),
    ...problems('not_found'),
  },
});

const timelineRoute = createRoute({
  method: 'get',
  path: '/runs/{runId}/timeline',
  operationId: 'getTimeline',
  summary: 'Everything that happened in a run, in order',
  request: {
    params: RunPath,
    query: z.object({
      after: z.coerce
        .number()
        .int()
        .nonnegative()
        .default(0)
        .openapi({ description: 'Only events behind this `seq`.' }),
    }),
  },
  responses: {
    200: answers('The events', z.object({ events: z.array(RunEvent) })),
    ...problems('not_found'),
  },
});

const cancelRoute = createRoute({
  method: 'post',
  path: '/runs/{runId}/cancel',
  operationId: 'cancelRun',
  summary: 'Stops a run; what it has made so far is kept on its branch',
  request: { params: RunPath },
  responses: {
    202: answers(
      'It stops within seconds. `success` is false where it was being cancelled already.',
      z.object({ success: z.boolean(), message: z.string() }),
    ),
    ...problemsOfChange('not_found', 'conflict'),
  },
});

const diffRoute = createRoute({
  method: 'get',
  path: '/runs/{runId}/diff',
  operationId: 'getDiff',
  summary: 'The change that a run made, as a unified diff against its base',
  request: { params: RunPath },
  responses: {
    200: { description: 'The diff', content: { 'text/x-diff': { schema: z.string() } } },
    ...problems('not_found'),
  },
});

export function runRoutes(
  api: Api,
  { db, access, actions, adapters }: ApiDeps & { access: Access; actions: RunActions },
): void {
  api.openapi(getRoute, async (c) => {
    const run = await access.run(c.get('principal'), c.req.valid('param').runId);
    const [steps, artifacts] = await Promise.all([listSteps(db, run.id), listArtifacts(db, run.id)]);
    return c.json(runDetails(run, steps, artifacts), 200);
  });

  api.openapi(timelineRoute, async (c) => {
    const run = await access.run(c.get('principal'), c.req.valid('param').runId);
    const events = await listEvents(db, run.id, c.req.valid('query').after);
    return c.json({ events: events.map(runEvent) }, 200);
  });

  api.openapi(cancelRoute, async (c) => {
    const success = await actions.cancel(c.get('principal'), c.req.valid('param').runId);
    return c.json({ success, message: success ? 'The run stops' : 'The run is stopping already' }, 202);
  });

  api.openapi(diffRoute, async (c) => {
    const run = await access.run(c.get('principal'), c.req.valid('param').runId);
    const found = (await listArtifacts(db, run.id)).findLast(({ name }) => name === DIFF_ARTIFACT);
    if (!found) throw new ApiProblem('not_found', { detail: `${run.id} has changed nothing yet.` });
    const bytes = await adapters.artifacts.get(found);
    return c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'text/x-diff; charset=utf-8' });
  });
}
