import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertEndpoint } from '../../src/db/endpoints.ts';
import { listEvents } from '../../src/db/events.ts';
import { listMessages } from '../../src/db/messages.ts';
import { getRun, recordOnRun } from '../../src/db/runs.ts';
import { claimStep } from '../../src/db/steps.ts';
import { NO_USAGE } from '../../src/domain/pricing.ts';
import { cancelRun } from '../../src/runs/cancel.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { goOn } from '../../src/runs/go-on.ts';
import type { Held } from '../../src/runs/held.ts';
import { lane } from '../support/database.ts';
import { compareHistory } from '../support/history.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

const succeeded = { status: 'succeeded', outputs: { said: 'well' } } as const;

describe(`going on with the next step, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  /** Takes the job of a run's first step out of the queue, as a worker does, and claims the step. */
  const begin = async (runId: string) => {
    const { rows } = await engine.db.execute<{ id: string; data: { runId: string; stepId: string } }>(
      sql`update pgboss.job set state = 'active', started_on = now() where name = 'step' and data ->> 'runId' = ${runId} returning id, data`,
    );
    const job = { ...rows[0]!, retry: 0 };
    await engine.db.execute(sql`delete from pgboss.job where name = 'step' and state = 'created'`);
    return { job, held: (await claim(engine.deps, job))! };
  };
  const jobs = async (name: string, runId: string) => {
    const { rows } = await engine.db.execute<{ state: string; data: { stepId?: string } }>(
      sql`select state::text, data from pgboss.job where name = ${name} and data ->> 'runId' = ${runId}`,
    );
    return rows;
  };
  const rows = async (runId: string) => ({
    run: (await getRun(engine.db, runId))!,
    steps: await engine.steps(runId),
    events: await listEvents(engine.db, runId),
  });
  /** Nothing may have changed but what `change` does. */
  const refused = async (held: Held, job: { id: string; retry: number }) => {
    const before = await rows(held.run.id);
    expect(await goOn(engine.deps, held, succeeded, job)).toBeNull();
    expect(await rows(held.run.id)).toEqual(before);
  };

  it('ends a step and claims the one after it under the same job, for as long as there is one', async () => {
    const { id } = await engine.open(['a', 'b', 'c']);
    const { job, held } = await begin(id);
    const second = (await goOn(engine.deps, held, succeeded, job))!;
    const third = (await goOn(engine.deps, second, succeeded, job))!;
    expect(await goOn(engine.deps, third, succeeded, job)).toBeNull(); // the end of a run is finishStep's

    const { run, steps, events } = await rows(id);
    expect(steps.map(({ name, status, attempt, leaseJob }) => [name, status, attempt, leaseJob])).toEqual([
      ['a', 'succeeded', 1, job.id],
      ['b', 'succeeded', 1, job.id],
      ['c', 'running', 1, job.id],
    ]);
    expect(steps[0]).toMatchObject({ outputs: succeeded.outputs, endedAt: expect.any(Date) });
    expect(third.step).toEqual(steps[2]);
    expect(third.steps.map(({ status }) => status)).toEqual(steps.map(({ status }) => status));
    expect(third.run.lastSeq).toBe(run.lastSeq);
    expect(compareHistory(run, steps, events)).toEqual([]);
    expect(events.slice(-3).map(({ type }) => type)).toEqual(['step.finished', 'step.enqueued', 'step.started']);
    // Should this worker die, the next one begins where it was.
    expect(await jobs('step', id)).toEqual([{ state: 'active', data: { runId: id, stepId: third.step.id } }]);
    expect(await jobs('progress', id)).toHaveLength(1);
  });

  it('knows what was spent meanwhile', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    const cost = { usd: 0.25, cappedUsd: 0.25 };
    await recordOnRun(engine.db, id, { usage: NO_USAGE, cost });
    expect((await goOn(engine.deps, held, succeeded, job))!.run).toMatchObject({ usage: NO_USAGE, cost });
  });

  it('lets another run go first whose turn has come, and does not wait for one that is less urgent', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    const other = await engine.open();
    expect(other.priority).toBeLessThan(held.run.priority);
    await engine.db.execute(
      sql`update pgboss.job set priority = ${held.run.priority} where data ->> 'runId' = ${other.id}`,
    );
    await refused(held, job);
    await engine.db.execute(
      sql`update pgboss.job set priority = ${other.priority} where data ->> 'runId' = ${other.id}`,
    );
    expect(await goOn(engine.deps, held, succeeded, job)).not.toBeNull();
  });

  it('does nothing where something has happened to the run since', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    await cancelRun(engine.deps, id, 'mona');
    await refused(held, job);
  });

  it('does nothing where another worker has taken the step over', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    await claimStep(engine.db, held.step.id, { job: job.id, retry: 1 });
    await refused(held, job);
  });

  it('does nothing where the lease is lost', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    await refused(held, { ...job, retry: 1 });
    await engine.db.execute(sql`update pgboss.job set state = 'completed' where id = ${job.id}`);
    await refused(held, job);
  });

  it('asks for none where one waits, and for another where that has begun', async () => {
    const { id } = await engine.open(['a', 'b', 'c']);
    const { job, held } = await begin(id);
    const second = (await goOn(engine.deps, held, succeeded, job))!;
    expect((await jobs('progress', id)).map(({ state }) => state)).toEqual(['created']);
    await engine.db.execute(sql`update pgboss.job set state = 'active' where name = 'progress' and state = 'created'`);
    await goOn(engine.deps, second, succeeded, job);
    expect((await jobs('progress', id)).map(({ state }) => state).toSorted()).toEqual(['active', 'created']);
  });

  it('tells the endpoints that want to know', async () => {
    await insertEndpoint(engine.db, {
      id: 'ep',
      url: 'https://example.com',
      secret: 'whsec_x',
      types: ['step.started'],
    });
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    await goOn(engine.deps, held, succeeded, job);
    const messages = await listMessages(engine.db, 'ep');
    expect(messages.filter(({ runId }) => runId === id)).toHaveLength(2);
    const { rows: sent } = await engine.db.execute(sql`select 1 from pgboss.job where name = 'outbound'`);
    expect(sent).toHaveLength(messages.length);
  });

  it('asks for the comment to be brought up to date again once the last time is over', async () => {
    const { id } = await engine.open(['a', 'b', 'c']);
    const { job, held } = await begin(id);
    expect(held.announcedUntil).toBe(0); // the one of the run's opening still waits
    await engine.db.execute(sql`delete from pgboss.job where name = 'progress'`);
    const second = (await goOn(engine.deps, held, succeeded, job))!;
    expect(await jobs('progress', id)).toHaveLength(1);
    expect(second.announcedUntil).toBeGreaterThan(performance.now());
    await engine.db.execute(sql`delete from pgboss.job where name = 'progress'`);
    await goOn(engine.deps, { ...second, announcedUntil: performance.now() }, succeeded, job);
    expect(await jobs('progress', id)).toHaveLength(1);
  });

  it('does not go on when the process is stopping', async () => {
    const { id } = await engine.open();
    const { job, held } = await begin(id);
    const stopping = engine.queue.stop(0);
    expect(await goOn(engine.deps, held, succeeded, job)).toBeNull();
    await stopping;
  });
});
