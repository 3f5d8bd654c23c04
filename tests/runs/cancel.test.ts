import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { claimStep, listSteps } from '../../src/db/steps.ts';
import { Cancelled, cancelRun, watchCancels } from '../../src/runs/cancel.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

describe(`cancelling and taking turns on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  let trigger = 0;
  const open = async (issue: number, steps = 2) => {
    const request = runRequest({ triggerKey: `test:${(trigger += 1)}` });
    const names = Array.from({ length: steps }, (_, index) => `s${index}`);
    const opened = await openRun(fresh, {
      ...request,
      source: { ...request.source, issue: { ...request.source.issue!, number: issue } },
      plan: { goal: 'g', steps: names.map((name) => ({ name, tool: 'codegen', inputs: { prompt: 'p' } })) },
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  const claimFirst = async (runId: string) => {
    const step = (await listSteps(fresh.db, runId)).find(({ status }) => status === 'queued')!;
    return (await claimStep(fresh.db, step.id, { job: `job-${runId}-${step.name}`, retry: 0 }))!;
  };
  const steps = async (runId: string) => (await listSteps(fresh.db, runId)).map(({ status }) => status);
  const status = async (runId: string) => (await getRun(fresh.db, runId))!.status;
  const finish = async (runId: string) => {
    while ((await getRun(fresh.db, runId))!.endedAt === null) {
      await finishStep(fresh, await claimFirst(runId), { status: 'succeeded', outputs: {} });
    }
  };

  it('ends a run that has not begun at once', async () => {
    const run = await open(1);
    expect(await cancelRun(fresh, run, 'mona')).toBe(true);
    expect(await status(run)).toBe('cancelled');
    expect(await steps(run)).toEqual(['skipped', 'skipped']);
    expect(await cancelRun(fresh, run, 'mona')).toBe(false);
  });

  it('tells the worker of a running step, and ends when the step has', async () => {
    const run = await open(2);
    const step = await claimFirst(run);
    const watch = watchCancels({ ...fresh, log: pino({ level: 'silent' }) }, 20);
    const { signal, done } = watch.watch(run);
    const told = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await cancelRun(fresh, run, 'mona');
    expect((await getRun(fresh.db, run))!.endedAt).toBeNull();
    await told;
    expect(signal.reason).toBeInstanceOf(Cancelled);
    done();
    watch.stop();
    await finishStep(fresh, step, { status: 'cancelled', outputs: {} });
    expect(await status(run)).toBe('cancelled');
    expect((await listEvents(fresh.db, run)).map(({ type }) => type)).toContain('run.cancel_requested');
  });

  it('lets a step that finishes while being cancelled end the run as cancelled, not start the next', async () => {
    const run = await open(3);
    const step = await claimFirst(run);
    await cancelRun(fresh, run, 'mona');
    await finishStep(fresh, step, { status: 'succeeded', outputs: {} });
    expect(await status(run)).toBe('cancelled');
    expect(await steps(run)).toEqual(['succeeded', 'skipped']);
  });

  it('has the runs of one issue take turns, and those of another not wait', async () => {
    const [first, second, third, elsewhere] = [await open(4), await open(4), await open(4), await open(5)];
    expect(await steps(elsewhere)).toEqual(['queued', 'pending']);
    expect(await steps(second)).toEqual(['pending', 'pending']);
    expect((await listEvents(fresh.db, third)).find(({ type }) => type === 'run.waiting')?.payload).toEqual({
      ahead: 2,
    });
    await finish(first);
    expect(await steps(second)).toEqual(['queued', 'pending']);
    expect(await steps(third)).toEqual(['pending', 'pending']);
    await cancelRun(fresh, third, 'mona');
    expect(await status(third)).toBe('cancelled');
    await finish(second);
    expect(await status(second)).toBe('succeeded');
  });

  it('passes the turn on when the run at work is cancelled, past one that was cancelled while it waited', async () => {
    const [first, second, third] = [await open(6), await open(6), await open(6)];
    const step = await claimFirst(first);
    await Promise.all([cancelRun(fresh, first, 'mona'), cancelRun(fresh, second, 'mona')]);
    await finishStep(fresh, step, { status: 'cancelled', outputs: {} });
    expect(await steps(third)).toEqual(['queued', 'pending']);
  });

  it('opens many runs on one issue at once: one starts, each of the others waits', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => open(7, 1)));
    const states = (await Promise.all(runs.map(steps))).flat();
    expect(states.filter((state) => state === 'queued')).toHaveLength(1);
    for (let turn = 0; turn < runs.length; turn += 1) {
      const active = [];
      for (const run of runs) if ((await steps(run)).includes('queued')) active.push(run);
      expect(active).toHaveLength(1);
      await finish(active[0]!);
    }
    expect(await Promise.all(runs.map(status))).toEqual(runs.map(() => 'succeeded'));
  });
});
