import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { getEndpoint } from '../../src/db/endpoints.ts';
import type { OutboundRequest } from '../../src/outbound/port.ts';
import { deliverMessage } from '../../src/outbox/deliver.ts';
import { createEndpoint, redeliver, setEndpointEnabled, type NewEndpoint } from '../../src/outbox/endpoints.ts';
import { publish } from '../../src/outbox/publish.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import type { Deps } from '../../src/runs/deps.ts';
import { lane } from '../support/database.ts';
import { CANARY, startOutbox } from '../support/outbox.ts';
import { answerWith, startSink, type Answer, type Sink } from '../support/sink.ts';

describe(`delivering on ${lane}`, () => {
  let outbox: Awaited<ReturnType<typeof startOutbox>>;
  /** Called after each message is sent and before it is recorded. */
  let afterSend: (request: OutboundRequest) => void = () => {};
  beforeAll(async () => {
    outbox = await startOutbox();
    const { outbound } = outbox.deps;
    await outbox.work({
      outbound: {
        ...outbound,
        async send(request, signal) {
          const result = await outbound.send(request, signal);
          afterSend(request);
          return result;
        },
      },
    });
  });
  afterAll(() => outbox.stop());

  const open: { sink: Sink; endpoint: string }[] = [];
  const listen = async (answer?: Answer, options: Partial<NewEndpoint> = {}) => {
    const sink = await startSink(answer);
    const { endpoint, secret } = await createEndpoint(outbox.deps, {
      url: `http://127.0.0.1:${sink.port}/hook`,
      ...options,
    });
    open.push({ sink, endpoint: endpoint.id });
    return { sink, id: endpoint.id, secret };
  };
  afterEach(async () => {
    afterSend = () => {};
    for (const { sink, endpoint } of open.splice(0)) {
      await setEndpointEnabled(outbox.deps, endpoint, false);
      await sink.stop();
    }
  });

  /** Lets the time until the next attempt pass, until the message has had `count`. */
  const attempts = async (messageId: string, count: number) => {
    const timer = setInterval(() => void outbox.hurry(), 100);
    await outbox.attempted(messageId, count).finally(() => clearInterval(timer));
  };
  const only = async (endpointId: string) => {
    const log = await outbox.log(endpointId);
    expect(log).toHaveLength(1);
    return log[0]!;
  };
  const rawBodies = (sink: Sink) =>
    sink.received.map(({ body }) => JSON.parse(body) as { type: string; data: { seq: number; payload: object } });

  it('tells of a run from its beginning to its end, signed', async () => {
    const { sink, id, secret } = await listen();
    const runId = await outbox.open();
    await outbox.finish(runId);
    await outbox.settled(id);
    const bodies = rawBodies(sink).toSorted((a, b) => a.data.seq - b.data.seq);
    const project = { id: 'gh_7', name: 'acme/text-kit' };
    const step = { id: expect.stringMatching(/^step_/), name: 'a', tool: 'codegen' };
    const run = (status: string) => ({ id: runId, status, project });
    expect(bodies.map(({ type, data }) => ({ type, ...data, payload: undefined }))).toEqual([
      { type: 'run.created', run: run('queued'), seq: 1 },
      { type: 'step.enqueued', run: run('queued'), step, seq: 2 },
      { type: 'step.finished', run: run('queued'), step, seq: 3 },
      { type: 'run.succeeded', run: run('succeeded'), seq: 4 },
    ]);
    expect(bodies[0]!.data.payload).toMatchObject({ requester: 'mona' });
    for (const { body, headers } of sink.received) {
      const verified = new Webhook(secret).verify(body, headers) as { id: string; timestamp: string };
      expect(verified.id).toBe(headers['webhook-id']);
      expect(new Date(verified.timestamp).toISOString()).toBe(verified.timestamp);
    }
    for (const { id: messageId, status, attempts: made, log } of await outbox.log(id)) {
      expect(sink.received.map(({ headers }) => headers['webhook-id'])).toContain(messageId);
      expect({ status, made, log: log.map((one) => one.status) }).toEqual({ status: 'delivered', made: 1, log: [204] });
    }
  });

  it('tries again after a 500, later each time, with the same id and the same words', async () => {
    const { sink, id } = await listen((...all) => answerWith(all[2] < 3 ? 500 : 200, 'oh no')(...all), {
      types: ['run.created'],
    });
    await outbox.open();
    const message = await only(id);
    await outbox.attempted(message.id, 1);
    const [first] = await outbox.due(id);
    expect(first).toBeGreaterThanOrEqual(3);
    expect(first).toBeLessThanOrEqual(7);
    await attempts(message.id, 2);
    const [second] = await outbox.due(id);
    expect(second).toBeGreaterThanOrEqual(22);
    expect(second).toBeLessThanOrEqual(38);
    await attempts(message.id, 3);
    await outbox.settled(id);
    expect(new Set(sink.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([message.id]));
    expect(new Set(sink.received.map(({ body }) => body)).size).toBe(1);
    const { status, attempts: made, log } = await only(id);
    expect({ status, made }).toEqual({ status: 'delivered', made: 3 });
    expect(log.map((one) => [one.status, one.error])).toEqual([
      [500, 'It answered 500: oh no'],
      [500, 'It answered 500: oh no'],
      [200, null],
    ]);
  });

  it('gives a message up after nine attempts, and the next that arrives forgets it', async () => {
    let status = 500;
    const { id } = await listen((...all) => answerWith(status)(...all), { types: ['run.created'] });
    await outbox.open();
    const message = await only(id);
    await outbox.attempted(message.id, 1);
    await outbox.lastAttempt(id);
    await outbox.settled(id);
    expect(await only(id)).toMatchObject({ status: 'failed', attempts: 9 });
    expect(await getEndpoint(outbox.db, id)).toMatchObject({ failures: 1, enabled: true });
    expect(await outbox.due(id)).toEqual([]);
    status = 200;
    await redeliver(outbox.deps, message.id);
    await outbox.settled(id);
    expect(await only(id)).toMatchObject({ id: message.id, status: 'delivered', attempts: 1, log: { length: 3 } });
    expect(await getEndpoint(outbox.db, id)).toMatchObject({ failures: 0 });
  });

  it('switches an endpoint off when five messages in a row were given up', async () => {
    const { id, sink } = await listen(answerWith(503));
    const runId = await outbox.open({ triggerKey: 'deliver:five' });
    const types = ['step.started', 'step.retried', 'step.started', 'step.retried'] as const;
    await outbox.db.transaction((tx) =>
      publish(
        tx,
        outbox.queue,
        runId,
        types.map((type) => ({ type })),
      ),
    );
    for (const { id: messageId } of await outbox.log(id)) await outbox.attempted(messageId, 1);
    await outbox.lastAttempt(id);
    await outbox.settled(id);
    const log = await outbox.log(id);
    expect(log).toHaveLength(6);
    expect(log.every(({ status }) => status === 'failed')).toBe(true);
    expect(log.filter(({ attempts: made }) => made === 9)).toHaveLength(5);
    expect(await getEndpoint(outbox.db, id)).toMatchObject({
      enabled: false,
      disabledReason: '5 messages in a row were given up, each after about a day of attempts.',
    });
    // Nothing more is sent or kept for it.
    const before = sink.received.length;
    await outbox.open();
    expect(await outbox.log(id)).toHaveLength(6);
    await expect(redeliver(outbox.deps, log[0]!.id)).rejects.toThrow('switched off');
    expect(sink.received).toHaveLength(before);
  });

  it('switches an endpoint off at once when it answers 410, and goes on when it is switched on again', async () => {
    let status = 410;
    const { id, sink } = await listen((...all) => answerWith(status)(...all), { types: ['run.created'] });
    await outbox.open();
    await outbox.settled(id);
    expect(await getEndpoint(outbox.db, id)).toMatchObject({
      enabled: false,
      disabledReason: 'The receiver answered 410 Gone.',
    });
    const message = await only(id);
    expect(message).toMatchObject({ status: 'failed', attempts: 1 });
    status = 200;
    await setEndpointEnabled(outbox.deps, id, true);
    await redeliver(outbox.deps, message.id);
    await outbox.settled(id);
    expect(sink.received.map(({ headers }) => headers['webhook-id'])).toEqual([message.id, message.id]);
  });

  it('sends again, under the same id, what a worker that died had sent but not recorded', async () => {
    const { sink, id } = await listen(undefined, { types: ['run.created'] });
    let died = 0;
    afterSend = () => {
      if ((died += 1) === 1) throw new Error('the worker dies here');
    };
    await outbox.open();
    await outbox.settled(id);
    const message = await only(id);
    expect(sink.received.map(({ headers }) => headers['webhook-id'])).toEqual([message.id, message.id]);
    expect(message).toMatchObject({ status: 'delivered', attempts: 1, log: { length: 1 } });
  });

  it('keeps one line of attempts when two workers hold the same message', async () => {
    const both = Promise.withResolvers<void>();
    const answer: Answer = (...all) => {
      if (all[2] === 3) both.resolve();
      void (all[2] === 1 ? Promise.resolve() : both.promise).then(() => answerWith(500)(...all));
    };
    const { id } = await listen(answer, { types: ['run.created'] });
    await outbox.open();
    const message = await only(id);
    await outbox.attempted(message.id, 1);
    // Two more workers have it now, as after a lost lease; all three fail.
    const job = () => ({
      id: randomUUID(),
      retry: 0,
      data: { messageId: message.id },
      signal: new AbortController().signal,
    });
    const before = await outbox.due(id);
    await Promise.all([deliverMessage(outbox.deps, job()), deliverMessage(outbox.deps, job())]);
    const { attempts: made, log } = await only(id);
    expect([made, log.length, before.length, (await outbox.due(id)).length]).toEqual([2, 3, 1, 2]);
  });

  it('leaves workers to the others while one receiver is slow', async () => {
    const release = Promise.withResolvers<void>();
    const slow = await listen((response) => void release.promise.then(() => response.writeHead(204).end()));
    const quick = await listen();
    const runId = await outbox.open();
    const many = Array.from({ length: 10 }, () => ({ type: 'step.retried' }) as const);
    await outbox.db.transaction((tx) => publish(tx, outbox.queue, runId, many));
    await outbox.settled(quick.id);
    expect(quick.sink.received).toHaveLength(12);
    expect(slow.sink.received.length).toBeLessThanOrEqual(1);
    release.resolve();
    await outbox.settled(slow.id);
    expect(slow.sink.received).toHaveLength(12);
  });

  it('lets no secret out, and nothing too large', async () => {
    const { sink, id, secret } = await listen(undefined, { types: ['step.failed'] });
    const runId = await outbox.open();
    const token = `ghs_${'a'.repeat(40)}`;
    const payload = {
      reason: `${CANARY} and ${token}`,
      authorization: `Bearer ${'b'.repeat(30)}`,
      key: secret,
      log: `€${CANARY}`.repeat(20_000),
    };
    await outbox.db.transaction((tx) => publish(tx, outbox.queue, runId, [{ type: 'step.failed', payload }]));
    await outbox.settled(id);
    const [{ body }] = sink.received as [Sink['received'][0]];
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(65_536);
    for (const bad of [CANARY, token, 'b'.repeat(30), secret, secret.slice(6)]) expect(body).not.toContain(bad);
    expect(rawBodies(sink)[0]!.data).toMatchObject({
      truncated: true,
      payload: { reason: '[redacted] and [redacted]' },
    });
    expect(outbox.lines.join('')).not.toContain(secret.slice(6));
  });

  it('stops with a message whose job took its worker down again and again', async () => {
    const { id } = await listen(answerWith(500), { types: ['run.created'] });
    await outbox.open();
    const message = await only(id);
    await outbox.attempted(message.id, 1);
    const job = { id: 'dead', retry: 0, data: { messageId: message.id }, signal: new AbortController().signal };
    await closeDead(outbox as unknown as Deps, job);
    expect(await only(id)).toMatchObject({ status: 'failed' });
    await closeDead(outbox as unknown as Deps, job);
  });

  it('is asked again for a message that is on its way: no', async () => {
    const { id } = await listen(answerWith(500), { types: ['run.created'] });
    await outbox.open();
    const message = await only(id);
    await outbox.attempted(message.id, 1);
    await expect(redeliver(outbox.deps, message.id)).rejects.toThrow('on its way');
  });
});
