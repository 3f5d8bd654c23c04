import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { requestId } from 'hono/request-id';
import type { Access } from './access.ts';
import { approveRoutes } from './approve.ts';
import { artifactRoutes } from './artifacts.ts';
import { authenticated } from './authenticate.ts';
import { cleanAnswers } from './clean-answers.ts';
import { devRoutes } from './dev.ts';
import { documentRoutes } from './document.ts';
import type { Api, ApiDeps, ApiEnv } from './env.ts';
import { guardedHeaders } from './headers.ts';
import { answerProblem, ApiProblem, refuseInvalid } from './problem.ts';
import { projectRequestRoutes } from './project-requests.ts';
import { projectRoutes } from './projects.ts';
import { rateLimited } from './rate-limit.ts';
import { retryRoutes } from './retry.ts';
import { createRunActions } from './run-actions.ts';
import { runListRoutes } from './run-list.ts';
import { runRequestRoutes } from './run-requests.ts';
import { runRoutes } from './runs.ts';
import { sameSite } from './same-site.ts';
import { storable } from './storable.ts';
import { streamRoutes } from './stream.ts';
import { webhookMessageRoutes } from './webhook-messages.ts';
import { webhookRoutes } from './webhooks.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The REST API. To be mounted last: whatever nobody else has answered is asked who it is, so that a route which is added
 * one day is closed before anybody thinks of it.
 */
export function createApi(deps: ApiDeps & { access: Access }): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  api.onError(answerProblem(deps.log, deps.adapters.redact));
  api.use(
    requestId(),
    guardedHeaders(),
    sameSite(),
    authenticated(deps),
    rateLimited(),
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        // What is left of it nobody reads: the connection is good for nothing else.
        throw new ApiProblem('too_large', { detail: 'A request may have 1 MiB.', headers: { Connection: 'close' } });
      },
    }),
    storable(),
  );
  documentRoutes(api);
  api.use(cleanAnswers(deps.adapters.redact));
  const given = { ...deps, actions: createRunActions(deps) };
  runListRoutes(api, given);
  runRoutes(api, given);
  streamRoutes(api, given);
  runRequestRoutes(api, given);
  approveRoutes(api, given);
  retryRoutes(api, given);
  projectRoutes(api, given);
  projectRequestRoutes(api, given);
  artifactRoutes(api, given);
  webhookRoutes(api, given);
  webhookMessageRoutes(api, given);
  devRoutes(api, deps);
  api.all('*', () => {
    throw new ApiProblem('not_found');
  });
  return api;
}
