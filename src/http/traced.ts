import type { MiddlewareHandler } from 'hono';
import type { Tracing } from '../telemetry/port.ts';

/** A span for each request; where a webhook is stored, its delivery goes on from there. What the sender says of traces is not believed. */
export function traced(tracing: Tracing, route: string): MiddlewareHandler {
  return (c, next) =>
    tracing.span(`${c.req.method} ${route}`, { kind: 'server', attributes: { 'http.route': route } }, async (span) => {
      await next();
      span.set({ 'http.request.method': c.req.method, 'http.response.status_code': c.res.status });
    });
}
