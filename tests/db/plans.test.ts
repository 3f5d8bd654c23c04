import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergedByDay, spentByDay } from '../../src/db/costs.ts';
import { recentFigures } from '../../src/db/figures.ts';
import { countRuns, listRunPage } from '../../src/db/run-list.ts';
import { noteMerged } from '../../src/db/runs.ts';
import { deleteEndedSessions, deleteSession, findSession } from '../../src/db/sessions.ts';
import { claimStep, endStep } from '../../src/db/steps.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { goOn } from '../../src/runs/go-on.ts';
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

  it('a run that goes on with its next step is found by its id, and not among all that are open', async () => {
    const run = await engine.open(['a', 'b']);
    const [first] = await engine.steps(run.id);
    const lease = { id: '00000000-0000-4000-8000-000000000009', retry: 0 };
    const held = (await claim(engine.deps, { ...lease, data: { runId: run.id, stepId: first!.id } }))!;
    await engine.db.execute(
      sql`update pgboss.job set state = 'active', id = ${lease.id} where data ->> 'stepId' = ${first!.id}`,
    );
    await engine.db.execute(sql`delete from pgboss.job where name = 'step' and state = 'created'`);
    expect(await goOn(engine.deps, held, { status: 'succeeded', outputs: {} }, lease)).not.toBeNull();
    const plans = (await plansOf(engine)).filter(({ statement }) => statement.includes('taken as'));
    const found = plans.flatMap(({ scans }) => scans.filter((scan) => / (run|step)$/.test(scan)));
    expect(new Set(found)).toEqual(new Set(['Index Scan using run_pkey on run', 'Index Scan using step_pkey on step']));
  });

  it('a step begins and ends without a new entry in any index', async () => {
    const run = await engine.open(['a']);
    const [only] = await engine.steps(run.id);
    const changes = await engine.db.transaction(async (tx) => {
      // What this connection has not told the statistics yet counts, too.
      const count = async () => {
        const { rows } = await tx.execute<{ all: number; withEntry: number }>(
          sql`select n_tup_upd::int as all, (n_tup_upd - n_tup_hot_upd)::int as "withEntry" from pg_stat_xact_user_tables where relname = 'step'`,
        );
        return rows[0]!;
      };
      const before = await count();
      const claimed = (await claimStep(tx, only!.id, { job: 'j', retry: 0 }))!;
      await endStep(tx, claimed, { status: 'succeeded', outputs: { summary: 'done' } });
      const after = await count();
      return { all: after.all - before.all, withEntry: after.withEntry - before.withEntry };
    });
    expect(changes).toEqual({ all: 2, withEntry: 0 });
  });
});
