import { getConnInfo } from '@hono/node-server/conninfo';
import { BlockList, isIPv6 } from 'node:net';
import { Hono } from 'hono';
import { sameSecret } from '../domain/same-secret.ts';

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
    if (given !== undefined && sameSecret(given, token)) return null;
    return { status: 401, error: 'The metrics need `Authorization: Bearer` with NOFX_METRICS_TOKEN.' };
  }
  if (isLoopback(address) && FORWARDED.every((name) => header(name) === undefined)) return null;
  return {
    status: 403,
    error: 'The metrics are for this machine only: set NOFX_METRICS_TOKEN to read them from elsewhere.',
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** An IPv4 address in IPv6's clothes is found as well. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
