import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDelivery, finishDelivery, insertDelivery } from '../../src/db/deliveries.ts';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import { listDead, redriveDead } from '../../src/runs/dead.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`dead letters on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine();
    await engine.queue.work('dead', 1, (job) => closeDead(engine.deps, job));
  });
  afterAll(() => engine.stop());

  /** Puts a dead letter and waits until it was closed. */
  const die = async (data: { guid?: string; runId?: string; stepId?: string }) => {
    await engine.db.transaction((tx) => engine.queue.enqueue(tx, 'dead', data));
    for (;;) {
      const letter = (await listDead(engine.deps)).letters.find(
        (one) => JSON.stringify(one.data) === JSON.stringify(data),
      );
      if (letter?.closed) return letter;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('are listed with what they were about', async () => {
    const letter = await die({ guid: 'dead-and-gone' });
    expect(letter).toMatchObject({ from: 'delivery', closed: true, data: { guid: 'dead-and-gone' } });
  });

  it('of a delivery: it is worked on anew, once', async () => {
    await insertDelivery(engine.db, { guid: 'dead-delivery', event: 'ping', body: '{}' });
    const { id } = await die({ guid: 'dead-delivery' });
    expect((await findDelivery(engine.db, 'dead-delivery'))!.outcome).toContain('gave up');
    const before = await engine.queue.pending();
    expect(await redriveDead(engine.deps, id)).toEqual({ ok: true, did: 'delivery', guid: 'dead-delivery' });
    expect(await findDelivery(engine.db, 'dead-delivery')).toMatchObject({ processedAt: null, outcome: null });
    expect(await engine.queue.pending()).toBe(before + 1);
    expect(await redriveDead(engine.deps, id)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('no dead letter'),
    });
    await finishDelivery(engine.db, 'dead-delivery', 'done');
  });

  it('of a step whose run has ended: the run stays as it is, and a new one repeats its request', async () => {
    const run = await engine.open(['a', 'b']);
    const [step] = await engine.steps(run.id);
    const { id } = await die({ runId: run.id, stepId: step!.id });
    const ended = await getRun(engine.db, run.id);
    expect(ended!.status).toBe('failed');
    const done = await redriveDead(engine.deps, id);
    if (!done.ok || done.did !== 'run') throw new Error(JSON.stringify(done));
    expect(done.instead).toBe(run.id);
    const repeated = (await getRun(engine.db, done.runId))!;
    expect(repeated).toMatchObject({
      source: run.source,
      plan: run.plan,
      baseSha: run.baseSha,
      triggerKey: `${run.triggerKey}~${id}`,
      status: 'queued',
    });
    expect((await listEvents(engine.db, repeated.id))[0]!.payload).toMatchObject({ repeats: run.id, deadLetter: id });
    expect(await getRun(engine.db, run.id)).toEqual(ended);
    expect((await listDead(engine.deps)).letters.map((letter) => letter.id)).not.toContain(id);
  });

  it('of a step whose run goes on elsewhere: refused, with what to do', async () => {
    const run = await engine.open(['a']);
    await engine.db.transaction((tx) => engine.queue.enqueue(tx, 'dead', { runId: run.id, stepId: 'step_gone' }));
    const { id } = (await listDead(engine.deps)).letters.find(({ data }) => data.stepId === 'step_gone')!;
    expect(await redriveDead(engine.deps, id)).toMatchObject({ ok: false, next: expect.any(String) });
    expect((await listDead(engine.deps)).letters.map((letter) => letter.id)).toContain(id);
  });

  it.each(['nonsense', '00000000-0000-4000-8000-000000000000'])(
    'that are not there (%s) are said to be not there',
    async (id) => {
      expect(await redriveDead(engine.deps, id)).toMatchObject({ ok: false, reason: expect.stringContaining(id) });
    },
  );
});
