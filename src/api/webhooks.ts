import { createRoute, z } from '@hono/zod-openapi';
import { deleteEndpoint, getEndpoint, listEndpoints, type Endpoint } from '../db/endpoints.ts';
import type { Principal } from '../domain/principal.ts';
import { createEndpoint, setEndpointEnabled, testEndpoint } from '../outbox/endpoints.ts';
import type { Access } from './access.ts';
import { answers, takes } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems, problemsOfChange } from './problem.ts';

export const WebhookPath = z.object({ webhookId: z.string().openapi({ example: 'ep_0123456789abcdef01' }) });

const webhook = {
  id: z.string(),
  url: z.string(),
  types: z.array(z.string()).nullable().openapi({ description: 'Event types; null for all.' }),
  project_id: z.string().nullable().openapi({ description: 'null: runs of every project' }),
  enabled: z.boolean(),
  failures: z.number().int().openapi({ description: 'Messages given up in a row.' }),
  disabled_reason: z.string().nullable(),
  created_at: z.iso.datetime(),
};
const Webhook = z.object(webhook).openapi('Webhook');
const NewWebhook = z
  .object({ ...webhook, secret: z.string().openapi({ description: 'It verifies our signatures. Shown here only.' }) })
  .openapi('NewWebhook');

const one = answers('The endpoint', Webhook);

const listRoute = createRoute({
  method: 'get',
  path: '/webhooks',
  operationId: 'listWebhooks',
  summary: 'The endpoints that are told of run events',
  description: 'The admin sees all of them; an admin of a repository those of its `project`.',
  request: { query: z.object({ project: z.string().optional() }) },
  responses: {
    200: answers('The endpoints, oldest first', z.object({ webhooks: z.array(Webhook) })),
    ...problems('not_found', 'forbidden'),
  },
});

const addRoute = createRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  summary: 'Adds an endpoint; its secret is shown this once',
  request: {
    body: takes(
      z.strictObject({
        url: z.string().min(1).max(2_000).openapi({ example: 'https://hooks.example.com/nofx' }),
        types: z.array(z.string()).optional().openapi({ description: 'All event types where absent.' }),
        project_id: z.string().optional().openapi({ description: 'Only the admin may leave it out.' }),
      }),
    ),
  },
  responses: {
    201: answers('The endpoint', NewWebhook),
    ...problemsOfChange('not_found', 'refused'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/webhooks/{webhookId}',
  operationId: 'getWebhook',
  summary: 'An endpoint',
  request: { params: WebhookPath },
  responses: { 200: one, ...problems('not_found', 'forbidden') },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/webhooks/{webhookId}',
  operationId: 'changeWebhook',
  summary: 'Switches an endpoint on or off',
  description: 'Switched on, it starts afresh; what happened while it was off is not told.',
  request: {
    params: WebhookPath,
    body: takes(z.strictObject({ enabled: z.boolean() })),
  },
  responses: { 200: one, ...problemsOfChange('not_found') },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/webhooks/{webhookId}',
  operationId: 'deleteWebhook',
  summary: 'Removes an endpoint, with its messages and their log',
  request: { params: WebhookPath },
  responses: { 204: { description: 'It is gone' }, ...problemsOfChange('not_found') },
});

const testRoute = createRoute({
  method: 'post',
  path: '/webhooks/{webhookId}/test',
  operationId: 'testWebhook',
  summary: 'Sends a signed `ping` now, also to an endpoint that is off, and tells what came back',
  request: { params: WebhookPath },
  responses: {
    200: answers(
      'What came back',
      z.object({
        status: z.number().int().nullable().openapi({ description: 'null where no answer came' }),
        duration_ms: z.number().int(),
        error: z.string().nullable().openapi({ description: 'null where the receiver took it' }),
      }),
    ),
    ...problemsOfChange('not_found'),
  },
});

export function webhookRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  const { db, outbox } = deps;
  const allowed = webhookGuard(deps);

  api.openapi(listRoute, async (c) => {
    const projectId = c.req.valid('query').project;
    await allowed.project(c.get('principal'), projectId);
    return c.json({ webhooks: (await listEndpoints(db, { projectId })).map(shown) }, 200);
  });

  api.openapi(addRoute, async (c) => {
    const { url, types, project_id: projectId } = c.req.valid('json');
    await allowed.project(c.get('principal'), projectId);
    const { endpoint, secret } = await createEndpoint(outbox, { url, types, projectId });
    // The one answer that is meant to tell a secret.
    c.set('tellsSecret', true);
    return c.json({ ...shown(endpoint), secret }, 201, { Location: `/webhooks/${endpoint.id}` });
  });

  api.openapi(getRoute, async (c) =>
    c.json(shown(await allowed.webhook(c.get('principal'), c.req.valid('param').webhookId)), 200),
  );

  api.openapi(changeRoute, async (c) => {
    const { id } = await allowed.webhook(c.get('principal'), c.req.valid('param').webhookId);
    return c.json(shown(await setEndpointEnabled(outbox, id, c.req.valid('json').enabled)), 200);
  });

  api.openapi(deleteRoute, async (c) => {
    const { id } = await allowed.webhook(c.get('principal'), c.req.valid('param').webhookId);
    await deleteEndpoint(db, id);
    return c.body(null, 204);
  });

  api.openapi(testRoute, async (c) => {
    const { id } = await allowed.webhook(c.get('principal'), c.req.valid('param').webhookId);
    const { status, durationMs, error } = await testEndpoint(outbox, id);
    return c.json({ status, duration_ms: Math.round(durationMs), error }, 200);
  });
}

/** Endpoints are the admin's, and those of a project also of its repository's admins. */
export function webhookGuard({ db, access }: Pick<ApiDeps, 'db'> & { access: Access }) {
  const mayManage = async (principal: Principal, projectId: string) => {
    const project = await access.project(principal, projectId);
    await access.demand(principal, project, 'admin', 'To manage webhooks');
  };
  return {
    /** Ends the request unless the principal manages the endpoints of a project, or of all where none is given. */
    async project(principal: Principal, projectId: string | undefined): Promise<void> {
      if (projectId !== undefined) return mayManage(principal, projectId);
      if (principal.kind === 'admin') return;
      throw new ApiProblem('forbidden', {
        detail: 'Endpoints for all projects are the admin’s.',
        next: 'Name a project whose repository you are an admin of.',
      });
    },

    /** An endpoint that the principal manages. */
    async webhook(principal: Principal, id: string): Promise<Endpoint> {
      const endpoint = await getEndpoint(db, id);
      if (endpoint === null) throw new ApiProblem('not_found');
      if (principal.kind === 'admin') return endpoint;
      if (endpoint.projectId === null) throw new ApiProblem('not_found');
      await mayManage(principal, endpoint.projectId);
      return endpoint;
    },
  };
}

function shown({ id, url, types, projectId, enabled, failures, disabledReason, createdAt }: Endpoint) {
  return {
    id,
    url,
    types,
    project_id: projectId,
    enabled,
    failures,
    disabled_reason: disabledReason,
    created_at: createdAt.toISOString(),
  };
}
