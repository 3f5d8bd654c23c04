import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { RetryableError, UserError } from '../../src/errors.ts';
import { createGitHub, openProbot } from '../../src/github/index.ts';
import { failure, useGitHub } from './support.ts';

const world = useGitHub();
const log = pino({ level: 'silent' });
const open = (more: Partial<Parameters<typeof openProbot>[0]> = {}) =>
  openProbot({ appId: 1, privateKey: world.standIn.app.privateKey, secret: 'secret', log, retryBaseMs: 1, ...more });

it('does not open without a webhook secret', () => {
  expect(() => open({ secret: '' })).toThrow(UserError);
});

it("takes no webhook signed with Probot's default secret", async () => {
  const [probot, careless] = [open(), open({ secret: 'development' })];
  await Promise.all([probot.ready(), careless.ready()]);
  const body = '{"zen":"Design for failure."}';
  expect(await probot.webhooks.verify(body, await probot.webhooks.sign(body))).toBe(true);
  expect(await probot.webhooks.verify(body, await careless.webhooks.sign(body))).toBe(false);
});

it('gives up on a request that is never answered', async () => {
  let asked = 0;
  const silent = createServer(() => (asked += 1));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const probot = open({ baseUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeoutMs: 50 });
    const github = createGitHub({ octokitFor: (id) => probot.auth(id), log });
    expect(await failure(github.permission(world.repo, 'alice'))).toBeInstanceOf(RetryableError);
    expect(asked).toBeGreaterThan(0);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
