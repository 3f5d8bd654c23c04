import type { MiddlewareHandler } from 'hono';
import { cleanJson } from '../domain/clean-json.ts';
import type { Redactor } from '../domain/redact.ts';

/** Takes secrets out of every JSON answer: outputs and failures hold what commands and models have printed. */
export function cleanAnswers(redact: Redactor): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (!c.res.headers.get('content-type')?.startsWith('application/json')) return;
    c.res = new Response(cleanJson(await c.res.json(), redact), c.res);
  };
}
