import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Received = { method: string; path: string; headers: Record<string, string>; body: string };

export type Sink = {
  port: number;
  /** Every request that came in whole, in order. */
  received: Received[];
  /** Resolves once `count` requests have come in. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
};

export type Answer = (response: ServerResponse, request: Received, nth: number) => void;

export const answerWith =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** Somebody's webhook receiver: a real HTTP server that keeps what it gets. */
export async function startSink(
  answer: Answer = answerWith(204),
  { host = '127.0.0.1', port = 0, tls }: { host?: string; port?: number; tls?: { key: string; cert: string } } = {},
): Promise<Sink> {
  const received: Received[] = [];
  let wake = Promise.withResolvers<void>();
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = {
      method: request.method!,
      path: request.url!,
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString(),
    };
    received.push(one);
    answer(response, one, received.length);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch(() => response.destroy());
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async until(count) {
      while (received.length < count) await wake.promise;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
