import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDelivery, insertDelivery } from '../../src/db/deliveries.ts';
import { beginEffect, finishEffect } from '../../src/db/effects.ts';
import { listEvents } from '../../src/db/events.ts';
import { TOLD } from '../../src/db/reap.ts';
import { getRun } from '../../src/db/runs.ts';
import { run as runTable, step as stepTable } from '../../src/db/schema.ts';
import { claimStep } from '../../src/db/steps.ts';
import { reapRuns } from '../../src/upkeep/reap-runs.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from './engine.ts';

const never = new AbortController().signal;

describe(`runs that were lost sight of, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  const statuses = async (id: string) => (await engine.steps(id)).map(({ status }) => status);
  const jobs = async (queue: string, key: string) => {
    const result = await engine.db.execute(sql`select id, state::text from pgboss.job
      where name = ${queue} and data::text like ${`%${key}%`} and state in ('created', 'retry', 'active')`);
    return result.rows as { id: string; state: string }[];
  };
  const dropJobs = (queue: string, key: string) =>
    engine.db.execute(sql`delete from pgboss.job where name = ${queue} and data::text like ${`%${key}%`}`);

  it('leaves alone what is on its way, also a run that waits behind another', async () => {
    const first = await engine.open(['a', 'b'], 1);
    const waiting = await engine.open(['a'], 1);
    expect(await statuses(waiting.id)).toEqual(['pending']);
    expect(await reapRuns(engine.deps, never)).toEqual({
      again: false,
      untold: 0,
      steps: 0,
      deliveries: 0,
      stuck: 0,
      old: 0,
      expired: 0,
    });
    expect(await statuses(first.id)).toEqual(['queued', 'pending']);
  });

  it('gives a queued step whose job is gone a new one, once', async () => {
    const run = await engine.open();
    const [step] = await engine.steps(run.id);
    await dropJobs('step', step!.id);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ steps: 1 });
    expect(await jobs('step', step!.id)).toHaveLength(1);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ steps: 0 });
    expect((await listEvents(engine.db, run.id)).at(-1)).toMatchObject({
      type: 'step.returned',
      payload: { reason: 'its job was gone' },
    });
  });

  it('gives a running step whose job is gone to another worker, and refuses the first', async () => {
    const run = await engine.open(['a']);
    const [step] = await engine.steps(run.id);
    const [job] = await jobs('step', step!.id);
    const claimed = await claimStep(engine.db, step!.id, { job: job!.id, retry: 0 });
    await dropJobs('step', step!.id);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ steps: 1 });
    expect(await statuses(run.id)).toEqual(['queued']);
    const [next] = await jobs('step', step!.id);
    expect((await claimStep(engine.db, step!.id, { job: next!.id, retry: 0 }))!.attempt).toBe(claimed!.attempt + 1);
  });

  it('has a delivery whose job is gone worked on', async () => {
    await insertDelivery(engine.db, { guid: 'lost-delivery', event: 'ping', body: '{}' });
    expect(await reapRuns(engine.deps, never)).toMatchObject({ deliveries: 1 });
    expect(await jobs('delivery', 'lost-delivery')).toHaveLength(1);
    expect(await findDelivery(engine.db, 'lost-delivery')).toMatchObject({ processedAt: null });
    expect(await reapRuns(engine.deps, never)).toMatchObject({ deliveries: 0 });
  });

  it('moves on a run that stopped moving, and says so as an error', async () => {
    const run = await engine.open(['a', 'b']);
    const [a] = await engine.steps(run.id);
    await dropJobs('step', a!.id);
    await engine.db.update(stepTable).set({ status: 'succeeded' }).where(eq(stepTable.id, a!.id));
    expect(await reapRuns(engine.deps, never)).toMatchObject({ stuck: 1 });
    expect(await statuses(run.id)).toEqual(['succeeded', 'queued']);
    expect(engine.lines.filter(({ level, run: id }) => level === 50 && id === run.id)).toHaveLength(1);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ stuck: 0 });
  });

  it('gives up a run before GitHub calls its check stale', async () => {
    const run = await engine.open(['a', 'b']);
    await engine.db
      .update(runTable)
      .set({ createdAt: sql`now() - interval '13 days 1 hour'`, turnAt: sql`now() - interval '13 days 1 hour'` })
      .where(eq(runTable.id, run.id));
    expect(await reapRuns(engine.deps, never)).toMatchObject({ old: 1 });
    expect(await getRun(engine.db, run.id)).toMatchObject({ status: 'failed', failure: { kind: 'timeout' } });
    expect(await statuses(run.id)).toEqual(['failed', 'skipped']);
    await tell(run.id);
  });

  const tell = async (id: string) => {
    await beginEffect(engine.db, id, TOLD);
    await finishEffect(engine.db, id, TOLD, {});
  };

  it('has the end of a run told that nobody was told of', async () => {
    const [told, untold] = [await engine.open(['a']), await engine.open(['a'])];
    for (const { id } of [told, untold]) {
      await engine.db
        .update(runTable)
        .set({ status: 'succeeded', endedAt: sql`now() - interval '10 minutes'` })
        .where(eq(runTable.id, id));
      await dropJobs('progress', id);
    }
    await tell(told.id);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ untold: 1 });
    expect(await jobs('progress', untold.id)).toHaveLength(1);
    expect(await jobs('progress', told.id)).toHaveLength(0);
    await tell(untold.id);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ untold: 0 });
  });
});
