import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/artifacts/store.ts';
import { listArtifacts, upsertArtifacts } from '../../src/db/artifacts.ts';
import { insertDelivery } from '../../src/db/deliveries.ts';
import { disableEndpoint, insertEndpoint } from '../../src/db/endpoints.ts';
import { endMessage, listMessages } from '../../src/db/messages.ts';
import { expiredDeliveries, listExpiredRuns } from '../../src/db/retention.ts';
import { getRun } from '../../src/db/runs.ts';
import { delivery, event, run as runTable, session } from '../../src/db/schema.ts';
import { deleteEndedSessions, insertSession } from '../../src/db/sessions.ts';
import { claimStep } from '../../src/db/steps.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { applyRetention } from '../../src/upkeep/retention.ts';
import type { ArtifactStore } from '../../src/artifacts/port.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { startEngine, type Engine } from './engine.ts';

const never = new AbortController().signal;
const days = { runs: 90, deliveries: 14 };

describe(`retention on ${lane}`, () => {
  let engine: Engine;
  let root: string;
  let store: ArtifactStore;
  beforeAll(async () => {
    engine = await startEngine();
    root = await mkdtemp(join(tmpdir(), 'nofx-retention-'));
    store = createArtifactStore({ localRoot: root, log: engine.deps.log });
  });
  afterAll(async () => {
    await engine.stop();
    await rm(root, { recursive: true, force: true });
  });

  const apply = (artifacts = store) =>
    applyRetention({ ...engine.deps, adapters: { artifacts } as never }, days, never);
  /** A run with one artifact, `age` days old; over unless `open`. */
  const aged = async (age: number, { open = false } = {}) => {
    const { id } = await engine.open(['a']);
    const [step] = await engine.steps(id);
    const ref = await store.put(`runs/${id}/steps/${step!.id}/a.ts`, Buffer.from(id), 'text/plain');
    await upsertArtifacts(engine.db, [{ id: `art_${id}`, runId: id, stepId: step!.id, name: 'a.ts', ...ref }]);
    const then = sql`now() - ${age}::int * interval '1 day'`;
    await engine.db
      .update(runTable)
      .set({ createdAt: then, ...(open ? {} : { status: 'succeeded', endedAt: then }) })
      .where(eq(runTable.id, id));
    return id;
  };
  const folder = (id: string) => existsSync(join(root, 'runs', id));

  it('removes old runs with everything of theirs, bytes too, and no run that is not over', async () => {
    const [old, young, open] = [await aged(91), await aged(89), await aged(400, { open: true })];
    expect(await apply()).toEqual({ again: false, runs: 1, artifacts: 1, deliveries: 0 });
    expect([await getRun(engine.db, old), folder(old)]).toEqual([null, false]);
    expect(await engine.db.$count(event, eq(event.runId, old))).toBe(0);
    for (const id of [young, open]) {
      expect(await getRun(engine.db, id)).not.toBeNull();
      expect(await listArtifacts(engine.db, id)).toHaveLength(1);
      expect(folder(id)).toBe(true);
    }
  });

  it('keeps what a run that is not over is about to take over, until it has', async () => {
    const old = await aged(120);
    const [written] = await engine.steps(old);
    const { source } = runRequest();
    const opened = await openRun(
      engine.deps,
      runRequest({
        plan: { goal: 'g', steps: [{ name: 'code', tool: 'reuse', inputs: { stepId: written!.id } }] },
        source: { ...source, issue: { ...source.issue!, number: 9_000 } },
        triggerKey: 'retention:again',
      }),
    );
    if (!opened.ok) throw new Error(opened.errors.join());
    expect(await apply()).toMatchObject({ runs: 0, artifacts: 0 });
    expect([(await listArtifacts(engine.db, old)).length, folder(old)]).toEqual([1, true]);
    const [step] = await engine.steps(opened.run.id);
    const claimed = (await claimStep(engine.db, step!.id, { job: 'j', retry: 0 }))!;
    await finishStep(engine.deps, claimed, { status: 'succeeded', outputs: {} });
    expect(await apply()).toMatchObject({ runs: 1, artifacts: 1 });
  });

  it('keeps a run of which an endpoint is still to be told', async () => {
    const id = 'ep_away';
    await insertEndpoint(engine.db, { id, url: 'https://hooks.example/', secret: 'whsec_x', types: ['run.created'] });
    await aged(120);
    await disableEndpoint(engine.db, id, 'for the other tests');
    expect(await apply()).toMatchObject({ runs: 0, artifacts: 0 });
    const [message] = await listMessages(engine.db, id);
    await endMessage(engine.db, message!.id, 'delivered', 1);
    expect(await apply()).toMatchObject({ runs: 1, artifacts: 1 });
  });

  it('keeps the row while the bytes cannot be removed, and goes on with other runs', async () => {
    const [stuck, other] = [await aged(120), await aged(100)];
    const failing: ArtifactStore = {
      ...store,
      remove: (ref) => (ref.path.includes(stuck) ? Promise.reject(new Error('no answer')) : store.remove(ref)),
    };
    expect(await apply(failing)).toMatchObject({ runs: 1 });
    expect([await getRun(engine.db, other), (await listArtifacts(engine.db, stuck)).length]).toEqual([null, 1]);
    expect(await apply()).toMatchObject({ runs: 1 });
    expect([await getRun(engine.db, stuck), folder(stuck)]).toEqual([null, false]);
  });

  it('removes old deliveries that were worked on, in batches, and keeps the rest', async () => {
    await engine.db.execute(sql`insert into nofx.delivery (guid, event, payload, received_at, processed_at)
      select 'old-' || n, 'ping', '{}', now() - interval '15 days', now() from generate_series(1, 450) n`);
    await insertDelivery(engine.db, { guid: 'young', event: 'ping', body: '{}' });
    await insertDelivery(engine.db, { guid: 'unfinished', event: 'ping', body: '{}' });
    await engine.db
      .update(delivery)
      .set({ receivedAt: sql`now() - interval '40 days'` })
      .where(eq(delivery.guid, 'unfinished'));
    expect(await apply()).toMatchObject({ deliveries: 450 });
    const left = await engine.db.select({ guid: delivery.guid }).from(delivery);
    expect(left.map(({ guid }) => guid).sort()).toEqual(['unfinished', 'young']);
  });

  it('removes sessions that are over, and no other', async () => {
    for (let number = 0; number < 3; number += 1)
      await insertSession(engine.db, { hash: `over-${number}`, keyId: null, seconds: -number });
    await insertSession(engine.db, { hash: 'open', keyId: null, seconds: 60 });
    expect(await deleteEndedSessions(engine.db, 2)).toBe(2);
    await apply();
    expect(await engine.db.select({ hash: session.hash }).from(session)).toEqual([{ hash: 'open' }]);
  });

  it('finds what to remove by an index, whatever lies behind it', async () => {
    const template = await aged(1);
    await engine.db.execute(sql`insert into nofx.delivery (guid, event, payload, received_at, processed_at)
      select 'kept-' || n, 'ping', '{}', now() - n * interval '1 second', now() from generate_series(1, 20000) n`);
    const columns = sql.raw(
      'project_id, status, goal, plan, source, model, max_cost_usd, git_mode, base_ref, base_sha, config, branch, lane, created_at',
    );
    await engine.db.execute(sql`insert into nofx.run (id, trigger_key, ended_at, ${columns})
      select 'run_' || n, 'many:' || n, now() - n * interval '1 second', ${columns} from nofx.run, generate_series(1, 20000) n where id = ${template}`);
    await engine.db.execute(sql`insert into nofx.message (id, endpoint_id, run_id, seq, status)
      select 'msg_' || n, 'ep_away', 'run_' || n, 1, 'delivered' from generate_series(1, 20000) n`);
    await engine.db.execute(sql`analyze nofx.run, nofx.delivery, nofx.message`);
    const plan = async (query: { getSQL(): ReturnType<typeof sql> }) =>
      JSON.stringify((await engine.db.execute(sql`explain ${query.getSQL()}`)).rows);
    const runs = await plan(listExpiredRuns(engine.db, { days: 90, limit: 20, skip: [] }));
    expect(runs).toContain('run_ended');
    expect(runs).not.toContain('Seq Scan');
    const deliveries = await plan(expiredDeliveries(engine.db, { days: 14, limit: 200 }));
    expect(deliveries).toContain('delivery_processed');
    expect(deliveries).not.toContain('Seq Scan');
  });
});
