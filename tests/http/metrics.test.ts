import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { metricsRoutes, refusal } from '../../src/http/metrics.ts';
import { serve, type HttpServer } from '../../src/http/server.ts';

const TOKEN = 'a-token-of-some-length';

describe('who may read the metrics', () => {
  const asked = (address: string | undefined, headers: Record<string, string> = {}, token: string | null = null) =>
    refusal({ address, header: (name) => headers[name] }, token)?.status ?? 200;

  it.each([
    ['127.0.0.1', 200],
    ['127.8.8.8', 200],
    ['::1', 200],
    ['::ffff:127.0.0.1', 200],
    ['10.0.0.7', 403],
    ['::ffff:10.0.0.7', 403],
    ['0.0.0.0', 403],
    ['fe80::1', 403],
    ['not an address', 403],
    [undefined, 403],
  ])('without a token, from %s: %i', (address, status) => expect(asked(address)).toBe(status));

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])(
    'without a token, not through a proxy on this machine (%s)',
    (header) => {
      expect(asked('127.0.0.1', { [header]: '203.0.113.9' })).toBe(403);
    },
  );

  it.each([
    ['no header', undefined, 401],
    ['another token', `Bearer ${TOKEN}x`, 401],
    ['the start of the token', `Bearer ${TOKEN.slice(0, -1)}`, 401],
    ['another scheme', `Basic ${TOKEN}`, 401],
    ['nothing', 'Bearer ', 401],
    ['the token', `Bearer ${TOKEN}`, 200],
    ['the token, bearer in small letters', `bearer ${TOKEN}`, 200],
  ])('with a token: %s', (_, authorization, status) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    // Also on this machine: a token that is set is for everybody. And from anywhere, through any proxy.
    expect(asked('127.0.0.1', headers, TOKEN)).toBe(status);
    expect(asked('10.0.0.7', { ...headers, 'x-forwarded-for': '203.0.113.9' }, TOKEN)).toBe(status);
  });
});

describe('GET /metrics', () => {
  let server: HttpServer;
  afterEach(() => server.close());
  const get = async (token: string | null, headers: Record<string, string> = {}) => {
    const text = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'nofx_up 1\n' });
    server = await serve(new Hono().route('/', metricsRoutes({ text, token })), { host: '127.0.0.1', port: 0 });
    return fetch(`http://127.0.0.1:${server.port}/metrics`, { headers });
  };

  it('answers this machine', async () => {
    const answer = await get(null);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('nofx_up 1\n');
  });

  it('asks for the token where there is one', async () => {
    const answer = await get(TOKEN);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.text()).toContain('NOFX_METRICS_TOKEN');
  });

  it('takes the token', async () => expect((await get(TOKEN, { authorization: `Bearer ${TOKEN}` })).status).toBe(200));

  it('tells nothing through a proxy', async () => {
    const answer = await get(null, { 'x-forwarded-for': '203.0.113.9' });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('nofx_up');
  });
});
