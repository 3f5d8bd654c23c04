import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { step as stepTable } from '../../src/db/schema.ts';
import { listSteps } from '../../src/db/steps.ts';
import { isTerminal } from '../../src/domain/run.ts';
import { approveStep, refuseStep } from '../../src/runs/approve.ts';
import { cancelRun } from '../../src/runs/cancel.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { loadView } from '../../src/runs/view.ts';
import { reapRuns } from '../../src/upkeep/reap-runs.ts';
import { lane } from '../support/database.ts';
import { compareHistory } from '../support/history.ts';
import { runRequest } from '../support/run-request.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

const never = new AbortController().signal;

describe(`steps that wait for a person, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  let count = 0;
  /** A run whose steps follow one another; `ask…` are manual. */
  const open = async (names: string[], issue = 20_000 + (count += 1)) => {
    const request = runRequest({ triggerKey: `approve:${(count += 1)}` });
    const opened = await openRun(engine.deps, {
      ...request,
      source: { ...request.source, issue: { ...request.source.issue!, number: issue } },
      plan: {
        goal: 'g',
        steps: names.map((name) => ({
          name,
          tool: name.startsWith('ask') ? 'manual:approve' : 'codegen',
          inputs: { prompt: 'p' },
        })),
      },
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  const stepOf = async (runId: string, name: string) =>
    (await listSteps(engine.db, runId)).find((step) => step.name === name)!;
  const work = async (runId: string, name: string) => {
    const { id: stepId } = await stepOf(runId, name);
    const held = await claim(engine.deps, { id: `job-${(count += 1)}`, retry: 0, data: { runId, stepId } });
    await finishStep(engine.deps, held!.step, { status: 'succeeded', outputs: {} });
  };
  const approve = async (runId: string, name: string) =>
    approveStep(engine.deps, { runId, stepId: (await stepOf(runId, name)).id }, 'rita');
  const statuses = async (runId: string) => (await listSteps(engine.db, runId)).map(({ status }) => status);
  const status = async (runId: string) => (await getRun(engine.db, runId))!.status;
  const told = async (runId: string) => {
    const events = await listEvents(engine.db, runId);
    expect(compareHistory((await getRun(engine.db, runId))!, await listSteps(engine.db, runId), events)).toEqual([]);
    return events.map(({ type }) => type);
  };

  it('lets the other runs of its issue go on meanwhile, and goes on after the one at work', async () => {
    const asking = await open(['a', 'ask', 'b'], 1);
    const behind = await open(['a'], 1);
    await work(asking, 'a');
    expect([await status(asking), await statuses(asking)]).toEqual(['waiting', ['succeeded', 'waiting', 'pending']]);
    expect(await statuses(behind), 'its turn has come').toEqual(['queued']);
    expect(await reapRuns(engine.deps, never), 'nothing is amiss').toMatchObject({ stuck: 0, expired: 0, old: 0 });

    expect(await approve(asking, 'ask')).toBe(true);
    expect([await status(asking), await statuses(asking)]).toEqual(['queued', ['succeeded', 'succeeded', 'pending']]);
    expect((await loadView(engine.deps, asking)).waitsFor).toBe(1);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ stuck: 0 });
    expect(await approve(asking, 'ask'), 'a second yes').toBe(false);

    await work(behind, 'a');
    expect(await statuses(asking)).toEqual(['succeeded', 'succeeded', 'queued']);
    await work(asking, 'b');
    expect(await status(asking)).toBe('succeeded');
    expect(await told(asking)).toEqual([
      'run.created',
      'step.enqueued',
      'run.started',
      'step.started',
      'step.finished',
      'step.waiting',
      'run.paused',
      'step.approved',
      'run.resumed',
      'run.waiting',
      'step.enqueued',
      'run.started',
      'step.started',
      'step.finished',
      'run.succeeded',
    ]);
  });

  it('goes on at once where nobody else is at work, also where the last of its steps was the question', async () => {
    const run = await open(['ask', 'a', 'ask-again']);
    expect(await status(run)).toBe('waiting');
    await approve(run, 'ask');
    expect(await statuses(run)).toEqual(['succeeded', 'queued', 'pending']);
    await work(run, 'a');
    expect((await stepOf(run, 'ask-again')).status).toBe('waiting');
    await approve(run, 'ask-again');
    expect(await status(run)).toBe('succeeded');
    expect((await stepOf(run, 'ask')).outputs).toEqual({ approvedBy: 'rita' });
    expect(await approve(run, 'ask')).toBe(false);
  });

  it('ends, and says why, when nobody answers in time', async () => {
    const run = await open(['a', 'ask', 'b']);
    await work(run, 'a');
    const days = await engine.db
      .select({ days: sql<number>`round(extract(epoch from wait_until - now()) / 86400)::int` })
      .from(stepTable)
      .where(eq(stepTable.id, (await stepOf(run, 'ask')).id));
    expect(days).toEqual([{ days: 7 }]);
    await engine.db
      .update(stepTable)
      .set({ waitUntil: sql`now() - interval '1 second'` })
      .where(eq(stepTable.runId, run));
    expect(await reapRuns(engine.deps, never)).toMatchObject({ expired: 1 });
    expect([await status(run), await statuses(run)]).toEqual(['cancelled', ['succeeded', 'cancelled', 'skipped']]);
    expect((await loadView(engine.deps, run)).error).toMatchObject({ kind: 'timeout' });
    expect((await told(run)).slice(-3)).toEqual(['step.expired', 'step.skipped', 'run.cancelled']);
    expect(await reapRuns(engine.deps, never)).toMatchObject({ expired: 0 });
    expect(await approve(run, 'ask')).toBe(false);
  });

  it('ends when its question has become void, and says why', async () => {
    const run = await open(['a', 'ask', 'b']);
    await work(run, 'a');
    const step = { runId: run, stepId: (await stepOf(run, 'ask')).id };
    const failure = { kind: 'conflict', message: 'main has moved on.', next: 'Plan it anew.' } as const;
    expect(await refuseStep(engine.deps, step, { failure, trigger: 'comment:1' })).toBe(true);
    expect([await status(run), await statuses(run)]).toEqual(['cancelled', ['succeeded', 'cancelled', 'skipped']]);
    expect((await loadView(engine.deps, run)).error).toEqual(failure);
    expect((await told(run)).slice(-3)).toEqual(['step.refused', 'step.skipped', 'run.cancelled']);
    expect(await refuseStep(engine.deps, step, { failure, trigger: 'comment:1' })).toBe(false);
  });

  it('counts a round each time it goes on, and none where it ends', async () => {
    const run = await open(['ask', 'a', 'ask-again']);
    const round = async () => (await loadView(engine.deps, run)).round;
    expect(await round()).toBe(0);
    await approve(run, 'ask');
    expect(await round()).toBe(1);
    await work(run, 'a');
    expect([await status(run), await round()]).toEqual(['waiting', 1]);
    await approve(run, 'ask-again');
    expect([await status(run), await round()]).toEqual(['succeeded', 1]);
  });

  it('ends when it is cancelled, and takes no yes after that', async () => {
    const run = await open(['ask', 'b']);
    await cancelRun(engine.deps, run, 'mona');
    expect([await status(run), await statuses(run)]).toEqual(['cancelled', ['skipped', 'skipped']]);
    expect(await approve(run, 'ask')).toBe(false);
  });

  it('never gives two runs of an issue the turn, and none is left behind', async () => {
    const action = fc.record({
      run: fc.nat(2),
      do: fc.constantFrom('work', 'work', 'approve', 'approve', 'cancel', 'open'),
    });
    const shape = fc.array(fc.constantFrom('a', 'ask'), { minLength: 1, maxLength: 3 });
    let issue = 30_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 3, maxLength: 3 }),
        fc.array(action, { maxLength: 12 }),
        async (shapes, actions) => {
          issue += 1;
          const named = shapes.map((names) => names.map((name, index) => `${name}${index}`));
          const runs = [await open(named[0]!, issue)];
          const inTurn = async () => {
            const atWork = [];
            for (const id of runs) {
              if ((await statuses(id)).some((each) => each === 'queued' || each === 'running')) atWork.push(id);
            }
            expect(atWork.length).toBeLessThanOrEqual(1);
            return atWork[0];
          };
          const act = async ({ run, do: what }: { run: number; do: string }) => {
            const id = runs[run % runs.length]!;
            const asked = (await listSteps(engine.db, id)).find((step) => step.status === 'waiting');
            if (what === 'open' && runs.length < 3) runs.push(await open(named[runs.length]!, issue));
            if (what === 'approve' && asked) await approve(id, asked.name);
            if (what === 'cancel') await cancelRun(engine.deps, id, 'mona');
            if (what === 'work') {
              const atWork = await inTurn();
              const next = atWork && (await listSteps(engine.db, atWork)).find((step) => step.status === 'queued');
              if (next) await work(atWork, next.name);
            }
            await inTurn();
          };
          for (const each of actions) await act(each);
          for (let turn = 0; turn < 40; turn += 1) await act({ run: turn >> 1, do: turn % 2 ? 'work' : 'approve' });
          for (const id of runs) {
            expect(isTerminal(await status(id))).toBe(true);
            await told(id);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});
