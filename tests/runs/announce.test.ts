import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendEvents } from '../../src/db/events.ts';
import { becomes, lockRun } from '../../src/db/runs.ts';
import { claimStep, listSteps } from '../../src/db/steps.ts';
import { announce } from '../../src/runs/announce.ts';
import { cancelRun } from '../../src/runs/cancel.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { readSettled } from '../../src/runs/progress.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

const HOUR_MS = 3_600_000;

describe(`announcing what a run does on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  let deps: { db: typeof fresh.db; queue: typeof fresh.queue; progressEveryMs: number };
  beforeAll(async () => {
    fresh = await freshDatabase();
    deps = { db: fresh.db, queue: fresh.queue, progressEveryMs: HOUR_MS };
  });
  afterAll(() => fresh.stop());

  let trigger = 0;
  const open = async (issue?: number) => {
    const request = runRequest({ triggerKey: `announce:${(trigger += 1)}` });
    const source = { ...request.source, issue: { ...request.source.issue!, number: issue ?? trigger } };
    const opened = await openRun(deps, { ...request, source });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  const runOf = (id: string) => ({ id, priority: 0, writer: null });
  /** The updates that wait for a run: due now, or only later. */
  const updates = async (runId: string) => {
    const { rows } = await fresh.db.execute<{ due: boolean }>(
      sql`select start_after <= now() as due from pgboss.job where name = 'progress' and singleton_key = ${runId} and state = 'created'`,
    );
    return rows.map(({ due }) => (due ? 'now' : 'later'));
  };
  /** As if the first update had been made. */
  const shown = (runId: string) =>
    fresh.db.execute(sql`delete from pgboss.job where name = 'progress' and singleton_key = ${runId}`);

  it('shows a new run at once, and what follows together, later', async () => {
    const runId = await open();
    expect(await updates(runId)).toEqual(['now']);
    await shown(runId);
    for (let i = 0; i < 3; i += 1) {
      await fresh.db.transaction(async (tx) => {
        await lockRun(tx, runId);
        await announce(tx, deps, runOf(runId), 'soon');
      });
    }
    expect(await updates(runId)).toEqual(['later']);
  });

  it('shows those in line that they moved up, where one before them is cancelled', async () => {
    const [first, second, third] = [await open(1_000), await open(1_000), await open(1_000)];
    await Promise.all([first, second, third].map(shown));
    await cancelRun(deps, second!, 'mona');
    expect(await Promise.all([first, second, third].map(updates))).toEqual([[], ['now'], ['later']]);
    expect((await readSettled(fresh.db, third!))!.view.waitsFor).toBe(1);
  });

  it('does not let what follows hold up an update that is due', async () => {
    const runId = await open();
    await fresh.db.transaction((tx) => announce(tx, deps, runOf(runId), 'soon'));
    expect(await updates(runId)).toEqual(['now']);
  });

  it('brings a waiting update forward when the run ends', async () => {
    const runId = await open();
    await shown(runId);
    await fresh.db.transaction((tx) => announce(tx, deps, runOf(runId), 'soon'));
    const [step] = await listSteps(fresh.db, runId);
    await finishStep(deps, (await claimStep(fresh.db, step!.id, { job: 'j', retry: 0 }))!, {
      status: 'succeeded',
      outputs: {},
    });
    expect(await updates(runId)).toEqual(['now']);
  });

  it('shows the end of a run for which no update waits', async () => {
    const runId = await open();
    await shown(runId);
    const [step] = await listSteps(fresh.db, runId);
    await finishStep(deps, (await claimStep(fresh.db, step!.id, { job: 'j', retry: 0 }))!, {
      status: 'succeeded',
      outputs: {},
    });
    expect(await updates(runId)).toEqual(['now']);
  });

  it('lets an update that has begun see the change that counted on it', async () => {
    const runId = await open();
    const changed = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const change = fresh.db.transaction(async (tx) => {
      await lockRun(tx, runId);
      await appendEvents(tx, runId, [{ type: 'run.succeeded' }], becomes.ended('succeeded', null));
      await announce(tx, deps, runOf(runId), 'soon');
      changed.resolve();
      await goOn.promise;
    });
    await changed.promise;
    const read = readSettled(fresh.db, runId);
    // Without the lock it would have read by now what was before.
    await Promise.race([read, sleep(200)]);
    goOn.resolve();
    await change;
    expect((await read)?.run.status).toBe('succeeded');
  });
});
