import { Agent, request } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { serve } from '../../src/http/server.ts';

describe('the HTTP server', () => {
  it('keeps an idle connection for longer than the proxy in front does, and waits for none when it closes', async () => {
    const server = await serve(
      new Hono().get('/', (c) => c.text('here')),
      { host: '127.0.0.1', port: 0 },
    );
    const agent = new Agent({ keepAlive: true });
    const asked = request({ agent, port: server.port, path: '/' });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('here');
    const [, seconds] = /timeout=(\d+)/.exec(String(response.headers['keep-alive'])) ?? [];
    expect(Number(seconds)).toBeGreaterThan(60);

    const began = performance.now();
    await server.close(20_000);
    expect(performance.now() - began).toBeLessThan(10_000);
    agent.destroy();
  });
});
