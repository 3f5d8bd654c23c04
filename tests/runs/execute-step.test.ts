import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { InternalError, RetryableError, UserError } from '../../src/errors.ts';
import { defineHandler } from '../../src/handlers/handler.ts';
import { handlers, knownTools } from '../../src/handlers/registry.ts';
import { assertLease } from '../../src/queue/lease.ts';
import { cancelRun, watchCancels } from '../../src/runs/cancel.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import { executeStep, executeSteps } from '../../src/runs/execute-step.ts';
import { listDead, redriveDead } from '../../src/runs/dead.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

/** A tool whose worker is thought dead in the middle of its first attempt, and finds out before it writes to GitHub. */
const LATE = 'test:late';
Object.assign(handlers, {
  [LATE]: defineHandler({
    inputs: z.looseObject({}),
    timeLimitMs: 60_000,
    secrets: [],
    async run({ step, adapters }) {
      await (adapters as unknown as { giveAway(attempt: number): Promise<void> }).giveAway(step.attempt);
      await assertLease().catch((cause: unknown) => {
        throw new InternalError('GitHub client: it was refused', { cause });
      });
      return { status: 'succeeded' as const, outputs: {} };
    },
  }),
});
knownTools.push(LATE);

describe(`a step whose job was given away, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  it('is left to whoever has it then: that is no fault of the step', async () => {
    const { db, queue } = engine;
    const giveAway = async (attempt: number) => {
      // As the supervisor does with a job whose worker is not heard of.
      if (attempt === 1) await db.execute(sql`update pgboss.job set state = 'retry' where name = 'step'`);
    };
    const adapters = { redact: (text: string) => text, giveAway } as unknown as typeof engine.deps.adapters;
    const deps = { ...engine.deps, adapters };
    const request = runRequest({ plan: { goal: 'g', steps: [{ name: 'a', tool: LATE }] }, triggerKey: 'late' });
    const opened = await openRun(deps, request);
    if (!opened.ok) throw new Error(opened.errors.join());
    const cancels = watchCancels(deps);
    await queue.work(
      'step',
      1,
      executeSteps((job) => executeStep(deps, cancels, job)),
    );
    const { id } = opened.run;
    while ((await getRun(db, id))!.endedAt === null) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await engine.steps(id)).toMatchObject([{ status: 'succeeded', attempt: 2, failures: 0 }]);
    expect((await listEvents(db, id)).map(({ type }) => type)).not.toContain('step.retried');
    const { rows } = await db.execute(sql`select state::text from pgboss.job where name = 'step'`);
    expect(rows).toEqual([{ state: 'completed' }]);
  });
});

/** A tool whose run is cancelled at its end, before its worker looks for that: it gives what it has made, or is put off for an hour. */
const OVERTAKEN = 'test:overtaken';
Object.assign(handlers, {
  [OVERTAKEN]: defineHandler({
    inputs: z.looseObject({ putOff: z.boolean() }),
    timeLimitMs: 60_000,
    secrets: [],
    async run({ run, step, inputs, adapters }) {
      const { overtake } = adapters as unknown as { overtake(runId: string, name: string): Promise<void> };
      await overtake(run.id, step.name);
      if (inputs.putOff) throw new RetryableError('Not now.', { retryAfterMs: 3_600_000 });
      return { status: 'succeeded' as const, outputs: { made: true } };
    },
  }),
});
knownTools.push(OVERTAKEN);

describe(`a step at whose end its run is over, on ${lane}`, () => {
  let engine: Engine;
  let overtake: (runId: string, name: string) => Promise<void>;
  beforeAll(async () => {
    engine = await startEngine();
    const adapters = {
      redact: (text: string) => text,
      overtake: (runId: string, name: string) => overtake(runId, name),
    } as unknown as typeof engine.deps.adapters;
    const deps = { ...engine.deps, adapters };
    const cancels = watchCancels(deps, 60_000);
    await engine.queue.work(
      'step',
      2,
      executeSteps((job) => executeStep(deps, cancels, job)),
    );
  });
  afterAll(() => engine.stop());

  const ended = async (plan: Plan) => {
    const request = runRequest({ plan, triggerKey: `overtaken:${JSON.stringify(plan)}` });
    const opened = await openRun(engine.deps, {
      ...request,
      source: { ...request.source, issue: null },
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    const { id } = opened.run;
    await expect.poll(async () => (await getRun(engine.db, id))!.endedAt, { timeout: 10_000 }).not.toBeNull();
    const { rows } = await engine.db.execute(
      sql`select 1 from pgboss.job where name = 'step' and state < 'completed' and data ->> 'runId' = ${id}`,
    );
    expect(rows).toEqual([]);
    const steps = await engine.steps(id);
    return { status: (await getRun(engine.db, id))!.status, steps: steps.map(({ status }) => status) };
  };
  const cancel = async (runId: string) => void (await cancelRun(engine.deps, runId, 'mona'));

  it('is not put off, but ends with a cancel that its worker has not seen yet', async () => {
    overtake = cancel;
    const plan = { goal: 'g', steps: [{ name: 'a', tool: OVERTAKEN, inputs: { putOff: true } }] };
    expect(await ended(plan)).toEqual({ status: 'cancelled', steps: ['cancelled'] });
  });

  it('is not waited for where another has failed', async () => {
    const reaches = (runId: string, at: number, status: string) =>
      expect.poll(async () => (await engine.steps(runId))[at]!.status, { timeout: 10_000 }).toBe(status);
    overtake = async (runId, name) => {
      if (name === 'a') return reaches(runId, 1, 'failed');
      await reaches(runId, 0, 'running');
      throw new UserError('No.', 'Nothing.');
    };
    const inputs = { putOff: true, _dependsOn: [] };
    const steps = ['a', 'b'].map((name) => ({ name, tool: OVERTAKEN, inputs }));
    expect(await ended({ goal: 'g', steps })).toEqual({ status: 'failed', steps: ['skipped', 'failed'] });
  });
});

/** A tool that meets one trouble after the other, one at each attempt. */
const TROUBLED = 'test:troubled';
const TROUBLES = {
  limit: () => new RetryableError('Later.', { retryAfterMs: 100 }),
  passing: () => new RetryableError('Not now.'),
  ours: () => new InternalError('Ours.'),
};
Object.assign(handlers, {
  [TROUBLED]: defineHandler({
    inputs: z.looseObject({ meets: z.array(z.enum(['limit', 'passing', 'ours'])) }),
    timeLimitMs: 60_000,
    secrets: [],
    async run({ step, inputs }) {
      const trouble = inputs.meets[step.attempt - 1];
      if (trouble) throw TROUBLES[trouble]();
      return { status: 'succeeded' as const, outputs: {} };
    },
  }),
});
knownTools.push(TROUBLED);

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
      const [letter] = (await listDead(engine.deps)).letters;
      if (letter?.closed && (await getRun(engine.db, id))!.endedAt) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(tries).toBe(3);
    expect(await getRun(engine.db, id)).toMatchObject({ status: 'failed', failure: { kind: 'internal' } });
    const types = (await listEvents(engine.db, id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'step.retried')).toHaveLength(2);
    expect(types.slice(-2)).toEqual(['step.failed', 'run.failed']);

    const [letter] = (await listDead(engine.deps)).letters;
    expect(letter).toMatchObject({ from: 'step', data: { runId: id }, reason: expect.stringContaining('NOFX itself') });
    expect(await redriveDead(engine.deps, letter!.id)).toMatchObject({ ok: true, did: 'run', instead: id });
  });

  it('bears as many of each kind as there may be, whatever other trouble it has met', async () => {
    const { db } = engine;
    const meets = ['limit', 'limit', 'passing', 'passing', 'ours', 'ours'];
    const plan = { goal: 'g', steps: [{ name: 'a', tool: TROUBLED, inputs: { meets } }] };
    const opened = await openRun(engine.deps, runRequest({ plan, triggerKey: 'troubled' }));
    if (!opened.ok) throw new Error(opened.errors.join());
    const { id } = opened.run;
    const endedAt = async () => {
      await db.execute(sql`update pgboss.job set start_after = now() where name = 'step' and state < 'active'`);
      return (await getRun(db, id))!.endedAt;
    };
    await expect.poll(endedAt, { timeout: 30_000 }).not.toBeNull();
    expect(await engine.steps(id)).toMatchObject([
      { status: 'succeeded', attempt: meets.length + 1, failures: 2, retries: 2, waits: 2 },
    ]);
  });
});
