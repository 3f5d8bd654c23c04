import { createHash, timingSafeEqual } from 'node:crypto';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import ipaddr from 'ipaddr.js';

export type MetricsReader = {
  /** the address of the connection */
  address: string | undefined;
  header: (name: string) => string | undefined;
};

/** What a proxy adds: the connection then tells where the proxy is, and not who asks. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * `GET /metrics` for Prometheus. With a token whoever bears it may read, and nobody else; without one
 * only this machine may.
 */
export function metricsRoutes(deps: {
  text: () => Promise<{ contentType: string; body: string }>;
  token: string | null;
}): Hono {
  const routes = new Hono();
  routes.get('/metrics', async (c) => {
    const refused = refusal(
      { address: getConnInfo(c).remote.address, header: (name) => c.req.header(name) },
      deps.token,
    );
    if (refused !== null) {
      return c.json(
        { error: refused.error },
        refused.status,
        refused.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {},
      );
    }
    const { contentType, body } = await deps.text();
    return c.body(body, 200, { 'Content-Type': contentType });
  });
  return routes;
}

/** Why somebody may not read the metrics; null when they may. Pure. */
export function refusal(
  { address, header }: MetricsReader,
  token: string | null,
): { status: 401 | 403; error: string } | null {
  if (token !== null) {
    const [, given] = /^Bearer (.+)$/i.exec(header('authorization') ?? '') ?? [];
    if (given !== undefined && same(given, token)) return null;
    return { status: 401, error: 'The metrics need `Authorization: Bearer` with NOFX_METRICS_TOKEN.' };
  }
  if (isLoopback(address) && FORWARDED.every((name) => header(name) === undefined)) return null;
  return {
    status: 403,
    error: 'The metrics are for this machine only: set NOFX_METRICS_TOKEN to read them from elsewhere.',
  };
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** Takes the same time whatever is wrong with the given one. */
function same(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
