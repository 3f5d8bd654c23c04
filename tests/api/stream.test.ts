import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { SESSION_COOKIE } from '../../src/api/sessions.ts';
import { revokeApiKey } from '../../src/db/api-keys.ts';
import { openDb } from '../../src/db/client.ts';
import { createEventFeed } from '../../src/db/event-feed.ts';
import { listEvents } from '../../src/db/events.ts';
import { cancelRun } from '../../src/runs/cancel.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { readEvents } from '../support/event-source.ts';
import { runRequest } from '../support/run-request.ts';
import { ADMIN, bearer, startApi } from './support.ts';

const stranger = { id: 4, login: 'stranger' };

describe(`a run's stream, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  // Never looks by itself within a test: what comes was notified.
  beforeAll(
    async () => void (api = await startApi({ lookEveryMs: 3_600_000, github: { permission: async () => 'none' } })),
  );
  afterAll(() => api.stop());

  let count = 0;
  const open = async () => {
    const { source } = runRequest();
    count += 1;
    const opened = await openRun(
      api.deps,
      runRequest({ triggerKey: `test:${count}`, source: { ...source, issue: { ...source.issue!, number: count } } }),
    );
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  const stream = async (id: string, headers: Record<string, string> = {}) =>
    readEvents(await api.get(`/runs/${id}/stream`, { ...ADMIN, ...headers }));
  const types = ({ told }: ReturnType<typeof readEvents>) => told.map(({ id, data }) => `${id ?? '-'} ${data.type}`);

  it('tells what was, then what comes, and ends with the run', async () => {
    const id = await open();
    const watching = await stream(id);
    await expect.poll(() => watching.told.length).toBe(3);
    await cancelRun(api.deps, id, 'mona');
    await watching.ended;
    expect(types(watching)).toEqual([
      '- connected',
      '1 run.created',
      '2 step.enqueued',
      '3 run.cancel_requested',
      '4 step.skipped',
      '5 run.cancelled',
    ]);
    expect(watching.told[0]!.data).toEqual({ type: 'connected', runId: id });
    expect(watching.told[2]!.data).toMatchObject({ runId: id, stepId: expect.any(String), tool: 'codegen', seq: 2 });
  });

  it('goes on where somebody was, and sends away who knows it all', async () => {
    const id = await open();
    const watching = await stream(id, { 'last-event-id': '1' });
    await expect.poll(() => types(watching)).toEqual(['- connected', '2 step.enqueued']);
    await cancelRun(api.deps, id, 'mona');
    await watching.ended;
    expect((await api.get(`/runs/${id}/stream`, { ...ADMIN, 'last-event-id': '5' })).status).toBe(204);
    const late = await stream(id, { 'last-event-id': '4' });
    await late.ended;
    expect(types(late)).toEqual(['- connected', '5 run.cancelled']);
    expect((await api.get(`/runs/${id}/stream`, { ...ADMIN, 'last-event-id': 'x' })).status).toBe(400);
  });

  it('lets nobody in who may not see the run, and beats in silence', async () => {
    const id = await open();
    expect((await api.get(`/runs/${id}/stream`, await api.keyOf(stranger))).status).toBe(404);
    expect((await api.get(`/runs/${id}/stream`, {})).status).toBe(401);
    const watching = await stream(id);
    await expect.poll(watching.comments).toBeGreaterThan(1);
    await watching.stop();
  });

  it('ends within seconds for whoever signs out, or whose key is revoked, and for nobody else', async () => {
    const id = await open();
    const { sessions } = api.deps;
    const user = runRequest().source.requester;
    const keys = await Promise.all(['revoked', 'kept'].map((name) => createKey(api.db, { user, name })));
    const cookies = await Promise.all([
      sessions.begin({ kind: 'admin' }),
      sessions.begin({ kind: 'key', keyId: keys[0]!.id }),
      sessions.begin({ kind: 'key', keyId: keys[1]!.id }),
    ]);
    const byKey = keys.map(({ key }) => bearer(key));
    const byCookie = cookies.map((cookie) => ({ cookie: `${SESSION_COOKIE}=${cookie}` }));
    const watch = async (headers: Record<string, string>) => readEvents(await api.get(`/runs/${id}/stream`, headers));
    const [ending, staying] = await Promise.all([
      Promise.all([byKey[0]!, byCookie[0]!, byCookie[1]!].map(watch)),
      Promise.all([byKey[1]!, byCookie[2]!, ADMIN].map(watch)),
    ]);
    for (const one of [...ending, ...staying]) await expect.poll(() => one.told.length).toBe(3);

    await revokeApiKey(api.db, keys[0]!.id);
    await sessions.end(cookies[0]!);
    const started = performance.now();
    await Promise.all(ending.map(({ ended }) => ended));
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const headers of [byKey[0]!, byCookie[0]!, byCookie[1]!])
      expect((await api.get(`/runs/${id}/stream`, headers)).status).toBe(401);
    await cancelRun(api.deps, id, 'mona');
    await Promise.all(staying.map(({ ended }) => ended));
    expect([...ending, ...staying].map(({ told }) => told.length)).toEqual([3, 3, 3, 6, 6, 6]);
  });

  it.runIf(lane === 'postgres')('hears of what another process does', async () => {
    const id = await open();
    const watching = await stream(id);
    await expect.poll(() => watching.told.length).toBe(3);
    const { link } = api;
    const other = await openDb({ kind: 'postgres', url: link.kind === 'postgres' ? link.url : '' });
    await cancelRun({ ...api.deps, db: other.db }, id, 'mona');
    await watching.ended;
    await other.close();
    expect(watching.told).toHaveLength(6);
  });

  it.runIf(lane === 'postgres')('hears again once its connection is back', async () => {
    const id = await open();
    const watching = await stream(id);
    await expect.poll(() => watching.told.length).toBe(3);
    await api.db.execute(
      "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen nofx_event' and datname = current_database()",
    );
    await cancelRun(api.deps, id, 'mona');
    await watching.ended;
    expect(watching.told).toHaveLength(6);
  });

  it.runIf(lane === 'postgres')('is told behind a pooler too, a little later', async () => {
    const url = new URL(api.link.kind === 'postgres' ? api.link.url : '');
    url.searchParams.set('pgbouncer', 'true');
    const feed = createEventFeed(
      { db: api.db, link: { kind: 'postgres', url: url.href } },
      { log: api.deps.log, lookEveryMs: 50 },
    );
    const id = await open();
    let news = 0;
    const unwatch = await feed.watch(id, () => void (news += 1));
    await expect.poll(() => news).toBe(1);
    await cancelRun(api.deps, id, 'mona');
    await expect.poll(() => news).toBe(2);
    unwatch();
    await feed.close();
  });

  it('serves five hundred at once, each event once and in order', async () => {
    const id = await open();
    const watching = await Promise.all(Array.from({ length: 500 }, () => stream(id)));
    await expect.poll(() => watching.every(({ told }) => told.length === 3)).toBe(true);
    const started = performance.now();
    await cancelRun(api.deps, id, 'mona');
    await Promise.all(watching.map(({ ended }) => ended));
    const ms = performance.now() - started;
    const expected = (await listEvents(api.db, id)).map(({ seq, type }) => `${seq} ${type}`);
    for (const one of watching) expect(types(one).slice(1)).toEqual(expected);
    expect(ms).toBeLessThan(5_000);
  });

  it('ends with the server', async () => {
    const own = await startApi();
    const opened = await openRun(own.deps, runRequest());
    if (!opened.ok) throw new Error(opened.errors.join());
    const watching = readEvents(await own.get(`/runs/${opened.run.id}/stream`));
    await expect.poll(() => watching.told.length).toBe(3);
    await own.stop();
    await watching.ended;
  });
});
