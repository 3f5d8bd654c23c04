import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun, type RunRequest } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`opening runs while others wait, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  afterEach(async () => {
    await engine.db.execute(sql`delete from pgboss.job`);
    await engine.db.execute(sql`delete from nofx.run`);
  });

  let count = 0;
  /** Opens a run of a project, on an issue of its own. */
  const open = async (projectId: string, request: Partial<RunRequest> = {}) => {
    const { project, source } = runRequest();
    const opened = await openRun(
      engine.deps,
      runRequest({
        project: { ...project, id: projectId },
        source: { ...source, issue: { ...source.issue!, number: (count += 1) } },
        triggerKey: `open:${count}`,
        backpressureAgeMs: 3_600_000,
        ...request,
      }),
    );
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };

  it('holds a new one back while the queue is behind, for half of what it is late by and 15 s at most', async () => {
    const first = await open('p');
    const opensWhen = async (ageSeconds: number) => {
      await engine.db.execute(
        sql`update pgboss.job set start_after = now() - ${ageSeconds}::int * interval '1 second' where data ->> 'runId' = ${first}`,
      );
      const id = await open('q', { backpressureAgeMs: 5_000 });
      const { rows } = await engine.db.execute<{ seconds: number }>(
        sql`select extract(epoch from start_after - now())::float8 as seconds from pgboss.job where name = 'step' and data ->> 'runId' = ${id}`,
      );
      const told = (await listEvents(engine.db, id)).find(({ type }) => type === 'queue.backpressure');
      return { seconds: rows[0]!.seconds, told: told?.payload as { ageMs: number; delayMs: number } | undefined };
    };
    const inTime = await opensWhen(4);
    expect(inTime.told).toBeUndefined();
    expect(inTime.seconds).toBeLessThanOrEqual(0);

    const late = await opensWhen(25);
    expect(late.told!.ageMs).toBeGreaterThanOrEqual(25_000);
    // Both are rounded.
    expect(Math.abs(late.told!.delayMs - (late.told!.ageMs - 5_000) / 2)).toBeLessThanOrEqual(1);
    expect(late.seconds).toBeGreaterThan(8);
    expect(late.seconds).toBeLessThanOrEqual(12);

    const veryLate = await opensWhen(3_000);
    expect(veryLate.told!.delayMs).toBe(15_000);
    expect(veryLate.seconds).toBeLessThanOrEqual(15);
  });

  it('has repositories take turns: two hundred runs of one hold up no other, and are not held up by those that ask again', async () => {
    for (let run = 0; run < 200; run += 1) await open('large');
    for (const project of ['small', 'other']) await open(project);
    // Comments are brought up to date ten at a time.
    const shown: string[] = [];
    const enough = Promise.withResolvers<void>();
    await engine.queue.work('progress', 1, async ({ data }) => {
      if (shown.push(data.runId) === 10) enough.resolve();
      await enough.promise;
    });
    await enough.promise;
    const firstShown = await Promise.all(
      shown.slice(0, 10).map(async (id) => (await getRun(engine.db, id))!.projectId),
    );
    expect(firstShown.toSorted()).toEqual([...Array.from({ length: 8 }, () => 'large'), 'other', 'small']);
    const served: string[] = [];
    const seen = Promise.withResolvers<void>();
    await engine.queue.work('step', 1, async (job) => {
      if (served.length === 15) return seen.resolve();
      const { step, run } = (await claim(engine.deps, job))!;
      served.push(run.projectId);
      await finishStep(engine.deps, step, { status: 'succeeded', outputs: {} }, job);
      if (run.projectId !== 'large') await open(run.projectId);
    });
    await seen.promise;
    expect(served).toEqual(Array.from({ length: 5 }, () => ['large', 'small', 'other']).flat());
  });
});
