import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { watchCancels } from '../../src/runs/cancel.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import { executeStep, executeSteps } from '../../src/runs/execute-step.ts';
import { listDead, redriveDead } from '../../src/runs/dead.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`a step that meets a mistake of ours, on ${lane}`, () => {
  let engine: Engine;
  let tries = 0;
  beforeAll(async () => {
    engine = await startEngine();
    // Adapters that are not there are a mistake of the programmer's, as real as any.
    const deps = { ...engine.deps, adapters: { redact: (text: string) => text } } as typeof engine.deps;
    const cancels = watchCancels(deps);
    const execute = executeSteps((job) => {
      tries += 1;
      return executeStep(deps, cancels, job);
    });
    await engine.queue.work('step', 1, execute);
    await engine.queue.work('dead', 1, (job) => closeDead(deps, job));
  });
  afterAll(() => engine.stop());

  it('is tried three times, then failed and kept as a dead letter, which opens a new run when driven again', async () => {
    const { id } = await engine.open(['a']);
    for (;;) {
      const [letter] = await listDead(engine.deps);
      if (letter?.closed && (await getRun(engine.db, id))!.endedAt) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(tries).toBe(3);
    expect(await getRun(engine.db, id)).toMatchObject({ status: 'failed', failure: { kind: 'internal' } });
    const types = (await listEvents(engine.db, id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'step.retried')).toHaveLength(2);
    expect(types.slice(-2)).toEqual(['step.failed', 'run.failed']);

    const [letter] = await listDead(engine.deps);
    expect(letter).toMatchObject({ from: 'step', data: { runId: id }, reason: expect.stringContaining('NOFX itself') });
    expect(await redriveDead(engine.deps, letter!.id)).toMatchObject({ ok: true, did: 'run', instead: id });
  });
});
