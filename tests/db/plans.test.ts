import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergedByDay, spentByDay } from '../../src/db/costs.ts';
import { recentFigures } from '../../src/db/figures.ts';
import { countRuns, listRunPage } from '../../src/db/run-list.ts';
import { noteMerged } from '../../src/db/runs.ts';
import { deleteEndedSessions, deleteSession, findSession } from '../../src/db/sessions.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { lane } from '../support/database.ts';
import { fillPast } from '../support/past.ts';
import { plansOf } from '../support/plans.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

/** What grows for as long as NOFX is used. */
const GROWS = /Seq Scan on (run|step|event|delivery|effect|artifact|message|message_attempt|session|job|job_common)$/;

describe.skipIf(lane === 'pglite')('with a long past (what is prepared is seen on Postgres only)', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine();
    await fillPast(engine.db, 3_000);
  });
  afterAll(() => engine.stop());

  it('the engine reads nothing that grows but by an index', async () => {
    const run = await engine.open(['a', 'b']);
    const steps = await engine.steps(run.id);
    for (const [index, { id }] of steps.entries()) {
      const job = { id: `00000000-0000-4000-8000-00000000000${index}`, retry: 0, data: { runId: run.id, stepId: id } };
      const held = (await claim(engine.deps, job))!;
      await finishStep(engine.deps, held.step, { status: 'succeeded', outputs: {} });
    }
    await recentFigures(engine.db, 'past_1');
    const window = { since: new Date(Date.now() - 600_000) };
    for (const of of [{}, { projectId: 'past_1' }, { requesterId: 2 }]) {
      await spentByDay(engine.db, { ...window, ...of });
      await mergedByDay(engine.db, { ...window, ...of });
    }
    await noteMerged(engine.db, { projectId: 'past_1', number: 1, at: new Date() });
    const filters = [
      {},
      { projectId: 'past_1' },
      { status: 'failed' },
      { status: 'running' },
      { author: { id: 2 } },
      { words: 'a seldom word' },
    ] as const;
    for (const filter of [...filters, { author: { login: 'mona' } }, { projectId: 'past_1', issue: 3 }]) {
      await listRunPage(engine.db, filter, { limit: 21, after: run.id });
      await listRunPage(engine.db, filter, { limit: 21, offset: 0 });
      await countRuns(engine.db, filter, 1_001);
    }
    await findSession(engine.db, 'past_1');
    await deleteSession(engine.db, 'past_1');
    await deleteEndedSessions(engine.db, 200);
    const plans = await plansOf(engine);
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.filter(({ scans }) => scans.some((scan) => GROWS.test(scan)))).toEqual([]);
  });
});
