import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { listSteps } from '../../src/db/steps.ts';
import { gateOf, standardPlan, type Plan, type PlanStep } from '../../src/domain/plan.ts';
import { isTerminal } from '../../src/domain/run.ts';
import type { StepOutcome } from '../../src/handlers/handler.ts';
import type { ClaimedJob } from '../../src/queue/jobs.ts';
import { approveStep, expireStep } from '../../src/runs/approve.ts';
import { Cancelled, cancelRun } from '../../src/runs/cancel.ts';
import { comeBack } from '../../src/runs/come-back.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { goOn } from '../../src/runs/go-on.ts';
import type { Held } from '../../src/runs/held.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { giveUpRun } from '../../src/runs/repair.ts';
import { lane } from '../support/database.ts';
import { compareHistory } from '../support/history.ts';
import { runRequest } from '../support/run-request.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

const ENDS = ['succeeded', 'neutral', 'stopped', 'failed', 'cancelled'] as const;
type End = (typeof ENDS)[number];

/** What may happen to a run. `pick` chooses among the steps, or among the claims so far, stale ones too. */
const Action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), pick: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      pick: fc.nat(20),
      end: fc.constantFrom<End>(...ENDS),
      adds: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('go on' as const), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('claim again' as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('retry' as const, 'return' as const), pick: fc.nat(20) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('approve' as const, 'expire' as const), pick: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'give up' as const }) },
);
type Action = typeof Action extends fc.Arbitrary<infer T> ? T : never;

/** A plan of any shape, or the usual one, whose gates the model is let mend. */
const Shape = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.array(
      fc.record({ after: fc.array(fc.nat(5), { maxLength: 2 }), manual: fc.nat(3).map((n) => n === 0) }),
      { minLength: 1, maxLength: 4 },
    ),
  },
  { weight: 1, arbitrary: fc.constant('usual' as const) },
);
type Shape = typeof Shape extends fc.Arbitrary<infer T> ? T : never;

function planOf(shape: Shape): Plan {
  if (shape === 'usual') return standardPlan({ goal: 'g', prompt: 'p', gates: ['lint', 'test'] });
  const steps = shape.map(({ after, manual }, index) => ({
    name: `s${index}`,
    tool: manual ? 'manual:approve' : 'codegen',
    inputs: { prompt: 'p', _dependsOn: index === 0 ? [] : [...new Set(after.map((n) => `s${n % index}`))] },
  }));
  return { goal: 'g', steps };
}
/** What a step has made that is on no branch: a cancel has it kept. */
const WORK = { files: [{ status: 'added', path: 'notes.md' }], summary: '' };
const FAILURE = { kind: 'internal', message: 'm', next: 'n' } as const;

describe(`whatever happens to a run, in whatever order, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  let count = 0;
  const open = async (shape: Shape) => {
    const request = runRequest({ triggerKey: `interleaving:${(count += 1)}` });
    const opened = await openRun(engine.deps, {
      ...request,
      source: { ...request.source, issue: { ...request.source.issue!, number: 10_000 + count } },
      plan: planOf(shape),
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };

  const jobOf = (runId: string, stepId: string, id: string = randomUUID(), retry = 0): ClaimedJob<'step'> => ({
    id,
    retry,
    data: { runId, stepId },
    signal: new AbortController().signal,
  });
  const outcome = (end: End, adds: PlanStep[] = [], mendable = false): StepOutcome => {
    if (end === 'failed') return { status: end, failure: FAILURE, mendable };
    return end === 'succeeded' || end === 'neutral'
      ? { status: end, outputs: { by: end, ...WORK }, adds }
      : { status: end, outputs: { by: end } };
  };
  /** So many steps that a step adds when it ends, side by side. */
  const more = (name: string, count: number): PlanStep[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `${name}-${index}`,
      tool: 'codegen',
      inputs: { prompt: 'p', _dependsOn: [name] },
    }));

  /** One run and the claims that were ever made on it, the stale ones kept: they may wake up at any time. */
  const play = async (runId: string, actions: readonly Action[]) => {
    const claims: { held: Held; job: ClaimedJob<'step'> }[] = [];
    const take = async (job: ClaimedJob<'step'>) => {
      // The job as the queue has it while a worker is at it; the one that waits since the run was opened is out of the way.
      await engine.db.execute(sql`delete from pgboss.job where name = 'step' and state < 'active'`);
      await engine.db.execute(
        sql`insert into pgboss.job (id, name, state, retry_count) values (${job.id}, 'step', 'active', ${job.retry})
          on conflict (name, id) do update set retry_count = excluded.retry_count, state = 'active'`,
      );
      const held = await claim(engine.deps, job);
      if (held) claims.push({ held, job });
    };
    const one = async (action: Action) => {
      if (action.do === 'cancel') return void (await cancelRun(engine.deps, runId, 'mona'));
      if (action.do === 'give up') return void (await giveUpRun(engine.deps, runId, FAILURE));
      if (action.do === 'claim') {
        const steps = await listSteps(engine.db, runId);
        return take(jobOf(runId, steps[action.pick % steps.length]!.id));
      }
      if (action.do === 'approve' || action.do === 'expire') {
        const steps = await listSteps(engine.db, runId);
        const asked = steps.filter(({ status }) => status === 'waiting');
        const stepId = (asked[action.pick % asked.length] ?? steps[action.pick % steps.length])!.id;
        return void (action.do === 'approve'
          ? await approveStep(engine.deps, { runId, stepId }, 'mona')
          : await expireStep(engine.deps, { runId, stepId }));
      }
      const claimed = claims[action.pick % claims.length];
      if (!claimed) return;
      const { held, job } = claimed;
      const { step } = held;
      if (action.do === 'claim again') return take(jobOf(runId, step.id, job.id, job.retry + (action.pick % 2)));
      if (action.do === 'finish')
        return void (await finishStep(
          engine.deps,
          step,
          outcome(action.end, more(step.name, action.adds), gateOf(step.tool) !== null),
          job,
        ));
      if (action.do === 'go on') {
        const next = await goOn(engine.deps, held, { status: 'succeeded', outputs: WORK }, job);
        if (next) claims.push({ held: next, job });
        return;
      }
      const counts = action.do === 'retry' ? 'failures' : null;
      await comeBack(engine.deps, step, job, { counts, reason: 'r', seconds: 0 }).catch((error: unknown) => {
        if (!(error instanceof Cancelled)) throw error;
        return finishStep(engine.deps, step, outcome('cancelled'), job);
      });
    };
    for (const action of actions) await one(action);
  };

  /** Every step that is still to be done is done, by a worker without faults. */
  const workOff = async (runId: string) => {
    for (let turn = 0; turn < 20; turn += 1) {
      const steps = await listSteps(engine.db, runId);
      for (const { id, status } of steps)
        if (status === 'waiting') await approveStep(engine.deps, { runId, stepId: id }, 'mona');
      const now = await listSteps(engine.db, runId);
      // What was approved may have led to the next that waits.
      if (!now.some(({ status }) => ['queued', 'running', 'waiting'].includes(status))) return;
      for (const { id } of now.filter(({ status }) => status === 'queued' || status === 'running')) {
        const job = jobOf(runId, id);
        const held = await claim(engine.deps, job);
        if (held) await finishStep(engine.deps, held.step, outcome('succeeded'), job);
      }
    }
  };

  const problemsOf = async (runId: string): Promise<string[]> => {
    const run = (await getRun(engine.db, runId))!;
    const steps = await listSteps(engine.db, runId);
    const events = await listEvents(engine.db, runId);
    const problems = compareHistory(run, steps, events);
    if (
      isTerminal(run.status) &&
      steps.some(({ status }) => ['pending', 'queued', 'running', 'waiting'].includes(status))
    )
      problems.push(`a step was left open: ${steps.map(({ status }) => status).join(' ')}`);
    const asked = steps.some(({ status }) => status === 'waiting');
    const atWork = steps.some(({ status }) => status === 'queued' || status === 'running');
    if ((run.status === 'waiting') !== (asked && !atWork))
      problems.push(`it is ${run.status}, which its steps are not`);
    // To keep what was made need not be its turn.
    if (atWork && run.turnAt === null && run.cancelRequestedAt === null)
      problems.push('it is at work, and not its turn');
    return problems;
  };

  it('it is in a legal state at every moment, its events tell how, and it ends once', async () => {
    await fc.assert(
      fc.asyncProperty(Shape, fc.array(Action, { maxLength: 16 }), async (shape, actions) => {
        const runId = await open(shape);
        await play(runId, actions);
        expect(await problemsOf(runId)).toEqual([]);
        await workOff(runId);
        expect(await problemsOf(runId)).toEqual([]);
        expect(isTerminal((await getRun(engine.db, runId))!.status)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('also when two workers act at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        Shape,
        fc.array(Action, { maxLength: 8 }),
        fc.array(Action, { maxLength: 8 }),
        async (shape, one, other) => {
          const runId = await open(shape);
          await Promise.all([play(runId, one), play(runId, other)]);
          await workOff(runId);
          expect(await problemsOf(runId)).toEqual([]);
          expect(isTerminal((await getRun(engine.db, runId))!.status)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });
});
