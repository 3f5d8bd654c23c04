import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { getRun } from '../../src/db/runs.ts';
import { claimStep, endStep, listSteps, type Step } from '../../src/db/steps.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

const succeeded = { status: 'succeeded', outputs: {} } as const;

describe(`finishing steps on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  let trigger = 0;
  const open = async (steps: { name: string; after?: string[] }[]) => {
    const request = runRequest({ triggerKey: `test:${(trigger += 1)}` });
    const opened = await openRun(fresh, {
      ...request,
      // An issue of its own: runs on one issue take turns.
      source: { ...request.source, issue: { ...request.source.issue!, number: trigger } },
      plan: {
        goal: 'g',
        steps: steps.map(({ name, after = [] }) => ({
          name,
          tool: 'codegen',
          inputs: { prompt: 'p', _dependsOn: after },
        })),
      },
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  let job = 0;
  const claim = async (runId: string, name: string): Promise<Step> => {
    const step = (await listSteps(fresh.db, runId)).find((candidate) => candidate.name === name)!;
    return (await claimStep(fresh.db, step.id, { job: `job-${(job += 1)}`, retry: 0 }))!;
  };
  const statuses = async (runId: string) => (await listSteps(fresh.db, runId)).map((step) => step.status);

  it('adds the steps a step asks for, behind those there are and with their events, before it decides what follows', async () => {
    const runId = await open([{ name: 'a' }]);
    const adds = [
      { name: 'b', tool: 'codegen', inputs: { prompt: 'p' } },
      { name: 'c', tool: 'codegen', inputs: { prompt: 'p' } },
    ];
    await finishStep(fresh, await claim(runId, 'a'), { ...succeeded, adds });
    const steps = await listSteps(fresh.db, runId);
    expect(steps.map(({ name, position, status }) => [name, position, status])).toEqual([
      ['a', 0, 'succeeded'],
      ['b', 1, 'queued'],
      ['c', 2, 'pending'],
    ]);
    const events = (await listEvents(fresh.db, runId)).slice(2);
    expect(events.map(({ type, stepId }) => [type, stepId])).toEqual([
      ['step.finished', steps[0]!.id],
      ['step.added', steps[1]!.id],
      ['step.added', steps[2]!.id],
      ['step.enqueued', steps[1]!.id],
    ]);
    const unfit = [{ name: 'a', tool: 'codegen', inputs: { prompt: 'p' } }];
    await expect(finishStep(fresh, await claim(runId, 'b'), { ...succeeded, adds: unfit })).rejects.toThrow(
      'two steps are named "a"',
    );
    expect(await statuses(runId), 'nothing is written then').toEqual(['succeeded', 'running', 'pending']);
  });

  it('starts what became ready and ends the run, each transition an event without gaps', async () => {
    const runId = await open([{ name: 'a' }, { name: 'b', after: ['a'] }]);
    expect(await statuses(runId)).toEqual(['queued', 'pending']);
    await finishStep(fresh, await claim(runId, 'a'), succeeded);
    expect(await statuses(runId)).toEqual(['succeeded', 'queued']);
    await finishStep(fresh, await claim(runId, 'b'), succeeded);
    expect((await getRun(fresh.db, runId))!.status).toBe('succeeded');
    const events = await listEvents(fresh.db, runId);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map((event) => event.type)).toEqual([
      'run.created',
      'step.enqueued',
      'step.finished',
      'step.enqueued',
      'step.finished',
      'run.succeeded',
    ]);
  });

  it('joins branches that finish at the same moment, every time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const branches = ['b1', 'b2', 'b3', 'b4'];
      const runId = await open([...branches.map((name) => ({ name })), { name: 'join', after: branches }]);
      const claims = [];
      for (const name of branches) claims.push(await claim(runId, name));
      await Promise.all(claims.map((step) => finishStep(fresh, step, succeeded)));
      expect(await statuses(runId)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded', 'queued']);
    }
  });

  it('refuses a worker whose step another has taken over', async () => {
    const runId = await open([{ name: 'a' }]);
    const stale = await claim(runId, 'a');
    const fresher = await claim(runId, 'a');
    expect(
      await finishStep(fresh, stale, { status: 'failed', failure: { kind: 'internal', message: 'm', next: 'n' } }),
    ).toBe(false);
    expect(await statuses(runId)).toEqual(['running']);
    expect(await finishStep(fresh, fresher, succeeded)).toBe(true);
    expect((await getRun(fresh.db, runId))!.status).toBe('succeeded');
  });

  it('lets an earlier retry of a job not take the step back from a later one', async () => {
    const runId = await open([{ name: 'a' }]);
    const [step] = await listSteps(fresh.db, runId);
    expect((await claimStep(fresh.db, step!.id, { job: 'j', retry: 1 }))?.attempt).toBe(1);
    expect(await claimStep(fresh.db, step!.id, { job: 'j', retry: 0 })).toBeNull();
    expect((await claimStep(fresh.db, step!.id, { job: 'j', retry: 2 }))?.attempt).toBe(2);
  });

  it('finishes a step once: the second end of the same attempt changes nothing', async () => {
    const runId = await open([{ name: 'a' }]);
    const step = await claim(runId, 'a');
    await finishStep(fresh, step, succeeded);
    expect(await finishStep(fresh, step, succeeded)).toBe(false);
    expect(await endStep(fresh.db, step, { status: 'failed' })).toBe(false);
    expect(await claimStep(fresh.db, step.id, { job: 'again', retry: 0 })).toBeNull();
  });

  it('keeps the failure of the step as the failure of the run and skips the rest', async () => {
    const runId = await open([{ name: 'a' }, { name: 'b', after: ['a'] }]);
    const failure = { kind: 'gate', message: 'red', next: 'try again' } as const;
    await finishStep(fresh, await claim(runId, 'a'), { status: 'failed', failure });
    expect(await getRun(fresh.db, runId)).toMatchObject({ status: 'failed', failure });
    expect(await statuses(runId)).toEqual(['failed', 'skipped']);
  });

  it('opens one run for one trigger, however many ask at once', async () => {
    const request = runRequest({ triggerKey: 'test:same' });
    const results = await Promise.all(Array.from({ length: 10 }, () => openRun(fresh, request)));
    const ids = new Set(results.map((result) => result.ok && result.run.id));
    expect(ids.size).toBe(1);
    expect(results.filter((result) => result.ok && result.opened)).toHaveLength(1);
  });
});
