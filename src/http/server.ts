import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';

export type HttpServer = { port: number; close(graceMs?: number): Promise<void> };

/** How long what is being answered may still take once a server closes. */
const GRACE_MS = 5_000;

/**
 * A proxy in front may send its next request on a connection that we are just closing, and has to answer 502 then. So
 * we keep idle ones for longer than proxies do: 60 s for nginx's `keepalive_timeout` and for AWS's load balancers.
 */
const IDLE_MS = 75_000;

/** Serves an app; resolves once it listens. Port 0 takes any free one. */
export async function serve(app: Pick<Hono, 'fetch'>, address: { host: string; port: number }): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: app.fetch });
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = IDLE_MS;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs = GRACE_MS) {
      const closed = once(server, 'close');
      server.close();
      if ('closeIdleConnections' in server) server.closeIdleConnections();
      // Browsers open connections to spare; one on which nothing was ever asked counts as busy, and would be waited for for ever.
      const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}
