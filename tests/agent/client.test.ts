import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { spentOf } from '../../src/domain/pricing.ts';
import { UserError } from '../../src/errors.ts';
import { runAgent, SECRET_KEY } from '../support/agent.ts';

afterEach(() => vi.unstubAllEnvs());

test.each(['', ' \n', 'sk-ant-a b', 'sk-ant-\u0007', 'sk-ant-ключ'])(
  'a key that can be none is said before anything is sent',
  async (apiKey) => {
    const { error, model } = await runAgent([], {}, { apiKey });
    expect(error).toBeInstanceOf(UserError);
    expect(error!.next).toContain('ANTHROPIC_API_KEY');
    expect(spentOf(error)).toMatchObject({ requests: 0 });
    expect(model.requests()).toEqual([]);
  },
);

test('key and address are the ones handed in, whatever the environment says', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response
      .writeHead(401, { 'content-type': 'application/json' })
      .end('{"type":"error","error":{"type":"authentication_error","message":"no"}}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));

  vi.stubEnv('ANTHROPIC_API_KEY', 'sk-from-the-environment');
  vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'token-from-the-environment');
  vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9');
  vi.stubEnv('ANTHROPIC_LOG', 'debug');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { error } = await runAgent([], {}, { baseUrl, apiKey: ` ${SECRET_KEY}\n` });

  expect(error).toBeInstanceOf(UserError);
  expect(seen).toHaveLength(1);
  expect(seen[0]!.authorization).toBe(`Bearer ${SECRET_KEY}`);
  expect(JSON.stringify(seen)).not.toContain('from-the-environment');
});
