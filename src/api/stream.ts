import { createRoute, z } from '@hono/zod-openapi';
import type { Access } from './access.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems } from './problem.ts';
import { RunPath } from './runs.ts';

const route = createRoute({
  method: 'get',
  path: '/runs/{runId}/stream',
  operationId: 'streamRun',
  summary: 'What happens in a run, as it happens (server-sent events)',
  description:
    'First `connected`, then every event since the beginning, or behind `Last-Event-ID`, with its `seq` as its id. It ends with the run; whoever asks again then is answered 204, which stops an EventSource.',
  request: {
    params: RunPath,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,9}$/, 'is no id of ours')
        .optional(),
    }),
  },
  responses: {
    200: { description: 'The events', content: { 'text/event-stream': { schema: z.string() } } },
    204: { description: 'The run is over, and all of it was told' },
    ...problems('not_found'),
  },
});

export function streamRoutes(api: Api, { access, streams }: ApiDeps & { access: Access }): void {
  api.openapi(route, async (c) => {
    const run = await access.run(c.get('principal'), c.req.valid('param').runId);
    const seen = Number(c.req.valid('header')['last-event-id'] ?? 0);
    if (run.endedAt !== null && seen >= run.lastSeq) return c.body(null, 204);
    const stream = streams.open(run.id, seen, c.get('standing'));
    if (stream === null) {
      throw new ApiProblem('unavailable', { detail: 'Too many are watching.', headers: { 'Retry-After': '30' } });
    }
    return c.body(stream, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // nginx would hold it back until it is long enough.
      'X-Accel-Buffering': 'no',
    });
  });
}
