import type { MiddlewareHandler } from 'hono';
import type { Redactor } from '../domain/redact.ts';

/** Takes secrets out of every page: outputs and failures hold what commands and models have printed. */
export function cleanPages(redact: Redactor): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (!c.res.headers.get('content-type')?.startsWith('text/html')) return;
    c.res = new Response(redact(await c.res.text()), c.res);
  };
}
