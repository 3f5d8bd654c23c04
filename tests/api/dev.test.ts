import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinWorkers } from '../../src/db/presence.ts';
import { claimStep, listSteps } from '../../src/db/steps.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { startApi } from './support.ts';

type Letter = { id: string; run_id: string | null; closed: boolean };

describe(`the queue and the dead letters over the API, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let presence: Awaited<ReturnType<typeof joinWorkers>>;
  beforeAll(async () => {
    api = await startApi({ github: { permission: async () => 'admin' } });
    presence = await joinWorkers(api, async () => {});
  });
  afterAll(async () => {
    await presence.leave();
    await api.stop();
  });

  let count = 0;
  const open = async (number: number) => {
    const { source } = runRequest();
    count += 1;
    const opened = await openRun(
      api.deps,
      runRequest({ triggerKey: `test:${count}`, source: { ...source, issue: { ...source.issue!, number } } }),
    );
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run;
  };
  const letters = async () => ((await (await api.get('/dev/dlq')).json()) as { letters: Letter[] }).letters;

  it('tell what waits, what is at work, and who stands in line', async () => {
    const [first, second] = [await open(1), await open(1)];
    await open(2);
    const [step] = await listSteps(api.db, first.id);
    await claimStep(api.db, step!.id, { job: 'job', retry: 0 });
    expect(await (await api.get('/dev/queue')).json()).toEqual({
      workers: 1,
      queues: expect.arrayContaining([
        { name: 'step', waiting: 2, deferred: 0, active: 0, oldest_seconds: expect.any(Number) },
      ]),
      running: [
        {
          run_id: first.id,
          step_id: step!.id,
          project_id: 'gh_7',
          name: 'a',
          tool: 'codegen',
          attempt: 1,
          started_at: expect.any(String),
        },
      ],
      lines: [
        {
          lane: second.lane,
          project_id: 'gh_7',
          at_work: first.id,
          in_line: 1,
          oldest_at: second.createdAt.toISOString(),
        },
      ],
    });
  });

  it('show what was given up, and drive it again, once', async () => {
    const run = await open(3);
    const [step] = await listSteps(api.db, run.id);
    await api.queue.work('dead', 1, (job) => closeDead(api.deps, job));
    await api.db.transaction((tx) =>
      api.queue.enqueue(tx, 'dead', { runId: run.id, stepId: step!.id, reason: 'It fell over.' }),
    );
    await expect.poll(async () => (await letters())[0]?.closed).toBe(true);
    const [letter] = await letters();
    expect(letter).toMatchObject({ from: 'step', run_id: run.id, step_id: step!.id, reason: 'It fell over.' });
    expect(await (await api.get(`/dev/dlq/${letter!.id}`)).json()).toEqual(letter);
    const driven = await api.post(`/dev/dlq/${letter!.id}/retry`);
    expect(await driven.json()).toMatchObject({ success: true, run_id: expect.stringMatching(/^run_/) });
    expect(await letters()).toEqual([]);
    expect((await api.post(`/dev/dlq/${letter!.id}/retry`)).status).toBe(404);
    expect((await api.get('/dev/dlq/nonsense')).status).toBe(404);
  });

  it('say so where there are more, and what cannot be driven again yet', async () => {
    const run = await open(4);
    for (const stepId of ['step_1', 'step_2']) {
      await api.db.transaction((tx) => api.queue.enqueue(tx, 'dead', { runId: run.id, stepId }));
    }
    await expect.poll(async () => (await letters()).length).toBe(2);
    expect(await (await api.get('/dev/dlq?limit=1')).json()).toMatchObject({ letters: [{}], more: true });
    const [letter] = await letters();
    expect((await api.post(`/dev/dlq/${letter!.id}/retry`)).status).toBe(409);
  });

  it('are the admin’s alone, whatever somebody is on GitHub', async () => {
    const key = await api.keyOf({ id: 2, login: 'mona' });
    for (const path of ['/dev/queue', '/dev/dlq', '/dev/dlq/x']) expect((await api.get(path, key)).status).toBe(403);
    expect((await api.post('/dev/dlq/x/retry', undefined, key)).status).toBe(403);
  });
});
