import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { disableEndpoint } from '../../src/db/endpoints.ts';
import type { Role } from '../../src/domain/role.ts';
import { createDeliverer } from '../../src/outbox/deliver.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { answerWith, startSink, type Sink } from '../support/sink.ts';
import { ADMIN, startApi } from './support.ts';

type Told = Record<string, unknown> & { id: string; secret: string };

const ROLES: Record<number, Role> = { 3: 'admin', 4: 'maintain' };
const anna = { id: 3, login: 'anna' };
const mick = { id: 4, login: 'mick' };
const stranger = { id: 5, login: 'stranger' };

describe(`webhooks over the API, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let sink: Sink;
  beforeAll(async () => {
    sink = await startSink((response, got, nth) =>
      answerWith(got.path === '/broken' ? 500 : 204, 'out of order')(response, got, nth),
    );
    api = await startApi({ github: { permission: async (_repo, _login, id) => ROLES[id ?? 0] ?? 'none' } });
    await api.queue.work('outbound', 2, createDeliverer(api.deps.outbox));
    // With it comes the project gh_7.
    await open(1);
  });
  afterAll(async () => {
    await api.stop();
    await sink.stop();
  });

  const open = async (number: number) => {
    const { source } = runRequest();
    const request = runRequest({
      triggerKey: `test:${number}`,
      source: { ...source, issue: { ...source.issue!, number } },
    });
    const opened = await openRun(api.deps, request);
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run.id;
  };
  const add = async (body: object, headers = ADMIN) => {
    const answer = await api.post('/webhooks', { url: `http://127.0.0.1:${sink.port}/hook`, ...body }, headers);
    return { status: answer.status, told: (await answer.json()) as Told, answer };
  };
  const json = async (path: string, headers = ADMIN) => (await (await api.get(path, headers)).json()) as unknown;

  it('are added with a secret that is told once, tested, and told of runs', async () => {
    const { status, told, answer } = await add({ types: ['run.created'], project_id: 'gh_7' });
    expect(status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/webhooks/${told.id}`);
    const { secret, ...shown } = told;
    expect(shown).toMatchObject({ types: ['run.created'], project_id: 'gh_7', enabled: true, disabled_reason: null });
    expect(await json(`/webhooks/${told.id}`)).toEqual(shown);
    expect(await json('/webhooks')).toEqual({ webhooks: [shown] });

    const tested = await api.post(`/webhooks/${told.id}/test`);
    expect(await tested.json()).toEqual({ status: 204, duration_ms: expect.any(Number), error: null });
    const [ping] = sink.received;
    expect(new Webhook(secret).verify(ping!.body, ping!.headers)).toMatchObject({ type: 'ping' });

    const runs = [await open(2), await open(3), await open(4)];
    await sink.until(4);
    const page = async (query: string) =>
      (await json(`/webhooks/${told.id}/messages${query}`)) as {
        messages: { id: string; run_id: string; status: string; type: string; attempts: object[] }[];
        pagination: { next: string | null };
      };
    await expect.poll(async () => (await page('')).messages.every((one) => one.status === 'delivered')).toBe(true);
    const first = await page('?limit=2');
    const second = await page(`?limit=2&cursor=${first.pagination.next}`);
    expect(second.pagination.next).toBeNull();
    const messages = [...first.messages, ...second.messages];
    expect(messages.map((one) => one.run_id)).toEqual(runs.toReversed());
    expect(messages[0]).toMatchObject({ type: 'run.created', attempts: [{ status: 204, error: null }] });

    const again = `/webhooks/${told.id}/messages/${messages[0]!.id}/redeliver`;
    expect((await api.post(again)).status).toBe(202);
    await sink.until(5);
    await expect.poll(async () => (await page('?limit=1')).messages[0]!.attempts).toHaveLength(2);
    const { told: other } = await add({});
    expect((await api.post(again.replace(told.id, other.id))).status).toBe(404);
  });

  it('are switched off and on, also after NOFX switched one off itself, and removed', async () => {
    const { told } = await add({ url: `http://127.0.0.1:${sink.port}/broken` });
    const path = `/webhooks/${told.id}`;
    expect(await (await api.post(`${path}/test`)).json()).toMatchObject({
      status: 500,
      error: expect.stringMatching('out of order'),
    });
    await disableEndpoint(api.db, told.id, 'The receiver answered 410 Gone.');
    expect(await json(path)).toMatchObject({ enabled: false, disabled_reason: 'The receiver answered 410 Gone.' });
    const on = await api.send('PATCH', path, { enabled: true });
    expect(await on.json()).toMatchObject({ enabled: true, failures: 0, disabled_reason: null });
    const off = await api.send('PATCH', path, { enabled: false });
    expect(await off.json()).toMatchObject({ enabled: false });
    expect((await api.send('DELETE', path)).status).toBe(204);
    expect((await api.get(path)).status).toBe(404);
    expect((await api.send('DELETE', path)).status).toBe(404);
  });

  it('are refused where they cannot be used', async () => {
    expect((await add({ url: 'http://10.0.0.1/' })).told).toMatchObject({
      status: 422,
      detail: expect.stringMatching('public'),
    });
    expect((await add({ types: ['run.succeded'] })).status).toBe(422);
    expect((await add({ types: 'run.created', enabled: true })).told.errors).toHaveLength(2);
    for (let more = 0; more < 19; more += 1) expect((await add({ project_id: 'gh_7' })).status).toBe(201);
    expect((await add({ project_id: 'gh_7' })).told).toMatchObject({
      status: 422,
      detail: expect.stringMatching('no more'),
    });
  });

  it("are the admin's, and those of a project its repository's admins'", async () => {
    const { told: everybodys } = await add({});
    const { webhooks } = (await json('/webhooks?project=gh_7')) as { webhooks: Told[] };
    const own = `/webhooks/${webhooks[0]!.id}`;
    const statuses = async (user: typeof anna) => {
      const key = await api.keyOf(user);
      return Promise.all(
        [
          api.get('/webhooks', key),
          api.get('/webhooks?project=gh_7', key),
          add({}, key),
          add({ project_id: 'gh_7', types: ['nothing'] }, key),
          api.get(own, key),
          api.get(`${own}/messages`, key),
          api.post(`${own}/test`, undefined, key),
          api.send('PATCH', own, { enabled: false }, key),
          api.get(`/webhooks/${everybodys.id}`, key),
          api.send('DELETE', `/webhooks/${everybodys.id}`, undefined, key),
        ].map(async (asked) => (await asked).status),
      );
    };
    expect(await statuses(anna)).toEqual([403, 200, 403, 422, 200, 200, 200, 200, 404, 404]);
    expect(await statuses(mick)).toEqual([403, 403, 403, 403, 403, 403, 403, 403, 404, 404]);
    expect(await statuses(stranger)).toEqual([403, 404, 403, 404, 404, 404, 404, 404, 404, 404]);
  });
});
