import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { deleteEndpoint, getEndpoint, listEndpoints } from '../../src/db/endpoints.ts';
import { createOutbound } from '../../src/outbound/outbound.ts';
import { createEndpoint, redeliver, setEndpointEnabled, testEndpoint } from '../../src/outbox/endpoints.ts';
import { lane } from '../support/database.ts';
import { startOutbox } from '../support/outbox.ts';
import { answerWith, startSink } from '../support/sink.ts';

describe(`endpoints on ${lane}`, () => {
  let outbox: Awaited<ReturnType<typeof startOutbox>>;
  beforeAll(async () => void (outbox = await startOutbox()));
  afterAll(() => outbox.stop());

  const url = 'http://127.0.0.1:9/hook';

  it('have a secret that is shown once and never written down', async () => {
    const { endpoint, secret } = await createEndpoint(outbox.deps, { url, types: ['run.failed', 'run.failed'] });
    expect(Buffer.from(/^whsec_(.+)$/.exec(secret)![1]!, 'base64')).toHaveLength(32);
    expect(endpoint).toMatchObject({
      url,
      types: ['run.failed'],
      projectId: null,
      enabled: true,
      failures: 0,
      disabledReason: null,
    });
    expect(await listEndpoints(outbox.db)).toContainEqual(endpoint);
    expect(
      JSON.stringify([endpoint, await listEndpoints(outbox.db), await getEndpoint(outbox.db, endpoint.id)]),
    ).not.toContain(secret);
    expect(outbox.secrets.redact(`key ${secret} and ${secret.slice(6)}`)).not.toContain(secret.slice(10, 30));
  });

  it.each([
    ['a private address', { url: 'https://10.0.0.1/' }, /not a public one/],
    ['plain HTTP', { url: 'http://hooks.example.com/' }, /https/],
    ['an unknown type', { url: 'https://hooks.example.com/', types: ['run.succeded'] }, /"run.succeded"/],
    ['no type', { url: 'https://hooks.example.com/', types: [] }, /at least one/],
    ['an unknown project', { url: 'https://hooks.example.com/', projectId: 'gh_0' }, /no project gh_0/],
  ])('cannot have %s', async (_, wanted, message) => {
    const before = await listEndpoints(outbox.db);
    const deps = { ...outbox.deps, outbound: createOutbound() };
    await expect(createEndpoint(deps, wanted)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    });
    expect(await listEndpoints(outbox.db)).toEqual(before);
  });

  it('are switched off and on, and deleted with all their messages', async () => {
    const { endpoint } = await createEndpoint(outbox.deps, { url });
    expect(await setEndpointEnabled(outbox.deps, endpoint.id, false)).toMatchObject({
      enabled: false,
      disabledReason: 'Switched off by hand.',
    });
    expect(await setEndpointEnabled(outbox.deps, endpoint.id, true)).toEqual(endpoint);
    await outbox.open();
    const [message] = await outbox.log(endpoint.id);
    expect(message).toBeDefined();
    expect(await deleteEndpoint(outbox.db, endpoint.id)).toBe(true);
    expect(await deleteEndpoint(outbox.db, endpoint.id)).toBe(false);
    expect(await outbox.log(endpoint.id)).toEqual([]);
    await expect(setEndpointEnabled(outbox.deps, endpoint.id, true)).rejects.toThrow('There is no endpoint');
    await expect(redeliver(outbox.deps, message!.id)).rejects.toThrow('There is no message');
  });

  it('are tested with a ping, also when they are off', async () => {
    const sink = await startSink((response, _, nth) =>
      answerWith(nth === 1 ? 204 : 503, `key was ${key}`)(response, _, nth),
    );
    const { endpoint, secret } = await createEndpoint(outbox.deps, { url: `http://127.0.0.1:${sink.port}/` });
    const key = secret;
    await setEndpointEnabled(outbox.deps, endpoint.id, false);
    expect(await testEndpoint(outbox.deps, endpoint.id)).toMatchObject({ status: 204, error: null });
    const [ping] = sink.received;
    expect(new Webhook(secret).verify(ping!.body, ping!.headers)).toMatchObject({
      id: ping!.headers['webhook-id'],
      type: 'ping',
      data: { endpoint: { id: endpoint.id } },
    });
    expect(await testEndpoint(outbox.deps, endpoint.id)).toMatchObject({
      status: 503,
      error: 'It answered 503: key was whsec_[redacted]',
    });
    await expect(testEndpoint(outbox.deps, 'ep_none')).rejects.toThrow('There is no endpoint');
    await sink.stop();
  });
});
