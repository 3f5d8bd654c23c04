import type { MiddlewareHandler } from 'hono';
import { cleanJson } from '../domain/clean-json.ts';
import type { Redactor } from '../domain/redact.ts';
import type { ApiEnv } from './env.ts';

/** Takes secrets out of every JSON answer: outputs and failures hold what commands and models have printed. */
export function cleanAnswers(redact: Redactor): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    if (c.get('tellsSecret')) return;
    if (!c.res.headers.get('content-type')?.startsWith('application/json')) return;
    c.res = new Response(cleanJson(await c.res.json(), redact), c.res);
  };
}
