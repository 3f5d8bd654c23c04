import { createRoute, z } from '@hono/zod-openapi';
import { getMessage, listAttempts, listMessages } from '../db/messages.ts';
import { redeliver } from '../outbox/endpoints.ts';
import type { Access } from './access.ts';
import { answers, Done } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems, problemsOfChange } from './problem.ts';
import { webhookGuard, WebhookPath } from './webhooks.ts';

const Message = z
  .object({
    id: z.string(),
    run_id: z.string(),
    seq: z.number().int().openapi({ description: 'Of the event that it tells of.' }),
    type: z.string(),
    status: z.enum(['pending', 'delivered', 'failed']),
    created_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
    attempts: z.array(
      z.object({
        at: z.iso.datetime(),
        status: z.number().int().nullable().openapi({ description: 'null where no answer came' }),
        duration_ms: z.number().int(),
        error: z.string().nullable(),
      }),
    ),
  })
  .openapi('WebhookMessage');

const listRoute = createRoute({
  method: 'get',
  path: '/webhooks/{webhookId}/messages',
  operationId: 'listWebhookMessages',
  summary: 'What an endpoint was told, newest first, with every attempt',
  request: {
    params: WebhookPath,
    query: z.object({
      limit: z.coerce.number('must be a number').int().min(1).max(100).default(20),
      cursor: z.string().max(100).optional().openapi({ description: '`pagination.next` of the page before.' }),
    }),
  },
  responses: {
    200: answers(
      'A page of the log',
      z.object({
        messages: z.array(Message),
        pagination: z.object({ limit: z.number().int(), next: z.string().nullable() }),
      }),
    ),
    ...problems('not_found', 'forbidden'),
  },
});

const againRoute = createRoute({
  method: 'post',
  path: '/webhooks/{webhookId}/messages/{messageId}/redeliver',
  operationId: 'redeliverWebhookMessage',
  summary: 'Sends a message that has ended again, under its old id',
  request: { params: WebhookPath.extend({ messageId: z.string() }) },
  responses: {
    202: answers('It is on its way', Done),
    ...problemsOfChange('not_found', 'refused'),
  },
});

export function webhookMessageRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const { db, outbox } = deps;
  const allowed = webhookGuard(deps);

  api.openapi(listRoute, async (c) => {
    const { id } = await allowed.webhook(c.get('principal'), c.req.valid('param').webhookId);
    const { limit, cursor: after } = c.req.valid('query');
    // One more than is shown tells whether there is another page.
    const rows = await listMessages(db, id, { after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const attempts = await listAttempts(
      db,
      page.map((row) => row.id),
    );
    const messages = page.map((row) => ({
      id: row.id,
      run_id: row.runId,
      seq: row.seq,
      type: row.type,
      status: row.status,
      created_at: row.createdAt.toISOString(),
      ended_at: row.endedAt && row.endedAt.toISOString(),
      attempts: attempts
        .filter(({ messageId }) => messageId === row.id)
        .map(({ at, status, durationMs, error }) => ({ at: at.toISOString(), status, duration_ms: durationMs, error })),
    }));
    return c.json({ messages, pagination: { limit, next: rows.length > limit ? page.at(-1)!.id : null } }, 200);
  });

  api.openapi(againRoute, async (c) => {
    const { webhookId, messageId } = c.req.valid('param');
    const endpoint = await allowed.webhook(c.get('principal'), webhookId);
    const message = await getMessage(db, messageId);
    if (message?.endpointId !== endpoint.id) throw new ApiProblem('not_found');
    await redeliver(outbox, messageId);
    return c.json({ success: true as const, message: 'The message is sent again' }, 202);
  });
}
