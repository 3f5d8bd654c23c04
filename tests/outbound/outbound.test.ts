import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { execa } from 'execa';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Address } from '../../src/outbound/dial.ts';
import { createOutbound, type OutboundOptions } from '../../src/outbound/outbound.ts';
import { answerWith, startSink, type Answer, type Sink } from '../support/sink.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const body = JSON.stringify({ hello: 'wörld' });

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function sink(answer?: Answer, options?: Parameters<typeof startSink>[1]): Promise<Sink> {
  const started = await startSink(answer, options);
  stops.push(started.stop);
  return started;
}

const local = (options: OutboundOptions = {}) => createOutbound({ reach: 'loopback', ...options });
const to = (url: string) => ({ url, secret, id: 'msg_1', body });
const v4 = (...addresses: string[]): Address[] => addresses.map((address) => ({ address, family: 4 }));

describe('a message that is sent', () => {
  it('carries a signature that the receiver can verify', async () => {
    const { port, received } = await sink();
    const result = await local().send(to(`http://127.0.0.1:${port}/hook?a=b`));
    expect(result).toMatchObject({ status: 204, error: null });
    const [request] = received;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=b', body });
    expect(request!.headers).toMatchObject({
      'webhook-id': 'msg_1',
      'content-type': 'application/json',
      host: `127.0.0.1:${port}`,
    });
    expect(new Webhook(secret).verify(request!.body, request!.headers)).toEqual({ hello: 'wörld' });
    expect(() => new Webhook(secret).verify(`${request!.body} `, request!.headers)).toThrow('No matching signature');
  });

  it.each([
    [400, 'bad\u0000 \u001b[31mrequest', 'It answered 400: bad [31mrequest'],
    [410, '', 'It answered 410.'],
    [500, 'x'.repeat(100_000), `It answered 500: ${'x'.repeat(282)}…`],
  ])('is refused with %i, in words that are safe to keep', async (status, words, error) => {
    const { port } = await sink(answerWith(status, words));
    expect(await local().send(to(`http://127.0.0.1:${port}/`))).toMatchObject({ status, error });
  });

  it('hears how long it should wait', async () => {
    const { port } = await sink((response, _, nth) =>
      answerWith(429, '', { 'retry-after': nth === 1 ? '120' : new Date(Date.now() + 3_600_000).toUTCString() })(
        response,
        _,
        nth,
      ),
    );
    const { send } = local();
    expect((await send(to(`http://127.0.0.1:${port}/`))).retryAfterSeconds).toBe(120);
    expect((await send(to(`http://127.0.0.1:${port}/`))).retryAfterSeconds).toBeGreaterThan(3_500);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const target = await sink();
    const { port } = await sink(answerWith(status, '', { location: `http://127.0.0.1:${target.port}/` }));
    expect(await local().send(to(`http://127.0.0.1:${port}/`))).toMatchObject({
      status,
      error: `It answered ${status}.`,
    });
    expect(target.received).toEqual([]);
  });

  it('reads little of an endless answer', async () => {
    const { port } = await sink((response) => {
      const more = () => response.writable && response.write('y'.repeat(65_536), () => setImmediate(more));
      response.writeHead(200);
      more();
    });
    expect(await local().send(to(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200, error: null });
  });

  it.each<[string, Answer]>([
    ['never answers', () => {}],
    ['never ends its refusal', (response) => void response.writeHead(500).write('a')],
  ])('gives up on a receiver that %s', async (_, answer) => {
    const { port } = await sink(answer);
    expect(await local({ timeoutMs: 200 }).send(to(`http://127.0.0.1:${port}/`))).toMatchObject({
      status: null,
      error: 'No answer within 200 ms.',
    });
  });

  it('has arrived once it was taken, though the answer never ends', async () => {
    const { port } = await sink((response) => void response.writeHead(202).write('a'));
    const sent = await local({ timeoutMs: 1_000 }).send(to(`http://127.0.0.1:${port}/`));
    expect(sent).toMatchObject({ status: 202, error: null });
  });

  it('gives up on a name that never resolves', async () => {
    const outbound = local({ timeoutMs: 100, resolve: () => new Promise(() => {}) });
    expect(await outbound.send(to('http://hooks.example/'))).toMatchObject({
      status: null,
      error: 'No answer within 100 ms.',
    });
  });

  it('says what kept it from arriving', async () => {
    const closed = await startSink();
    await closed.stop();
    expect((await local().send(to(`http://127.0.0.1:${closed.port}/`))).error).toContain('ECONNREFUSED');
    const resolve = () => Promise.reject(new Error('getaddrinfo ENOTFOUND'));
    expect((await local({ resolve }).send(to('http://hooks.example/'))).error).toBe('getaddrinfo ENOTFOUND');
    const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    onTestFinished(() => void rude.close());
    const { port } = rude.address() as { port: number };
    expect(await local().send(to(`http://127.0.0.1:${port}/`))).toMatchObject({
      status: null,
      error: expect.stringMatching(/./),
    });
  });

  it('stops when it is told to', async () => {
    const { port, until } = await sink(() => {});
    const stop = new AbortController();
    const sending = local().send(to(`http://127.0.0.1:${port}/`), stop.signal);
    await until(1);
    stop.abort(new Error('stopping'));
    await expect(sending).rejects.toThrow('stopping');
  });
});

describe('the address a message goes to', () => {
  const refusal = (address: string) => `The host's address ${address} is not a public one.`;

  it.each(['10.0.0.1', '127.0.0.1', '169.254.169.254', '0.0.0.0', '100.64.1.1'])(
    'is not %s, whatever the name says',
    async (address) => {
      const outbound = createOutbound({ resolve: async () => v4(address) });
      expect(await outbound.send(to('https://hooks.example.com/'))).toMatchObject({
        status: null,
        error: refusal(address),
      });
    },
  );

  it('is none when one of several is private', async () => {
    const outbound = createOutbound({ resolve: async () => [...v4('8.8.8.8'), { address: 'fd00::1', family: 6 }] });
    expect((await outbound.send(to('https://hooks.example.com/'))).error).toBe(refusal('fd00::1'));
  });

  it('is none when there is none', async () => {
    expect((await createOutbound({ resolve: async () => [] }).send(to('https://hooks.example.com/'))).error).toBe(
      'The host has no address.',
    );
  });

  it.each(['https://[::ffff:127.0.0.1]/', 'https://2130706433/', 'http://hooks.example.com/', 'https://localhost/'])(
    'is refused before a resolver is asked: %s',
    async (url) => {
      const asked: string[] = [];
      const resolve = async (host: string) => (asked.push(host), v4('8.8.8.8'));
      expect((await createOutbound({ resolve }).send(to(url))).error).toMatch(/^The URL may not be used/);
      expect(asked).toEqual([]);
    },
  );

  it('is the one that was checked, when the name is rebound between check and dial', async () => {
    const good = await sink();
    const bad = await sink(undefined, { host: '127.0.0.2', port: good.port });
    const answers = [v4('127.0.0.1'), v4('127.0.0.2')];
    let asked = 0;
    const outbound = local({ resolve: async () => answers[Math.min((asked += 1), 2) - 1]! });
    expect(await outbound.send(to(`http://rebind.example:${good.port}/`))).toMatchObject({ status: 204 });
    expect([asked, good.received.length, bad.received.length]).toEqual([1, 1, 0]);
    expect(good.received[0]!.headers['host']).toBe(`rebind.example:${good.port}`);
  });

  it('is judged anew each time: a name rebound between two messages is caught', async () => {
    const { port, received } = await sink();
    const answers = [v4('127.0.0.1'), v4('10.0.0.1')];
    const outbound = local({ resolve: async () => answers.shift()! });
    expect((await outbound.send(to(`http://rebind.example:${port}/`))).status).toBe(204);
    expect((await outbound.send(to(`http://rebind.example:${port}/`))).error).toBe(
      "The host's address 10.0.0.1 is not a loopback one.",
    );
    expect(received).toHaveLength(1);
  });

  it('is another checked one when the first does not answer', async () => {
    const { port } = await sink();
    const outbound = local({ resolve: async () => v4('127.0.0.3', '127.0.0.1') });
    expect((await outbound.send(to(`http://two.example:${port}/`))).status).toBe(204);
  });

  it('is dialled straight, whatever proxy the environment names', async () => {
    const proxy = await sink(answerWith(502));
    const { port, received } = await sink();
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names)
      process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${proxy.port}`;
    try {
      expect(
        (await local({ resolve: async () => v4('127.0.0.1') }).send(to(`http://hooks.example:${port}/`))).status,
      ).toBe(204);
    } finally {
      for (const [index, name] of names.entries()) {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      }
    }
    expect([received.length, proxy.received.length]).toEqual([1, 0]);
  });

  it('must prove the name of its host, not of the address', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nofx-tls-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=hooks.example', '-addext', 'subjectAltName=DNS:hooks.example'];
    await execa('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]);
    const ca = await readFile(cert, 'utf8');
    const { port, received } = await sink(undefined, { tls: { key: await readFile(key, 'utf8'), cert: ca } });
    const resolve = async () => v4('127.0.0.1');
    expect(await local({ resolve, ca }).send(to(`https://hooks.example:${port}/`))).toMatchObject({
      status: 204,
      error: null,
    });
    expect((await local({ resolve, ca }).send(to(`https://other.example:${port}/`))).error).toContain(
      "does not match certificate's altnames",
    );
    expect((await local({ resolve }).send(to(`https://hooks.example:${port}/`))).error).toMatch(/self-signed/);
    expect(received).toHaveLength(1);
  });
});
