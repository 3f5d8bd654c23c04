import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/artifacts/store.ts';
import { upsertArtifacts } from '../../src/db/artifacts.ts';
import { getRun } from '../../src/db/runs.ts';
import { listSteps } from '../../src/db/steps.ts';
import type { Role } from '../../src/domain/role.ts';
import { openRun, type RunRequest } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { ADMIN, startApi } from './support.ts';

type Page = { runs: { id: string; status: string }[]; pagination: { next: string | null; total: number | null } };

const mona = { id: 2, login: 'mona' };
const rita = { id: 3, login: 'rita' };
const stranger = { id: 4, login: 'stranger' };
const ROLES: Record<number, Role> = { 3: 'read', 5: 'write' };

describe(`runs over the API, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let folder: string;
  let artifacts: ReturnType<typeof createArtifactStore>;
  let asked = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nofx-api-'));
    artifacts = createArtifactStore({ localRoot: folder, log: pino({ level: 'silent' }) });
    const permission = async (_repo: unknown, _login: string, id?: number) => {
      asked += 1;
      return ROLES[id ?? 0] ?? 'none';
    };
    api = await startApi({ artifacts, github: { permission } });
  });
  afterAll(async () => {
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  });

  let count = 0;
  const open = async (overrides: Partial<RunRequest> = {}) => {
    count += 1;
    const opened = await openRun(api.deps, runRequest({ triggerKey: `test:${count}`, ...overrides }));
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run;
  };
  const by = (requester: { id: number; login: string }, number = 3) => {
    const { source } = runRequest();
    return { ...source, requester, issue: { ...source.issue!, number } };
  };
  const keep = async (runId: string, name: string, text: string, contentType = 'text/plain; charset=utf-8') => {
    const [step] = await listSteps(api.db, runId);
    const ref = await artifacts.put(`runs/${runId}/steps/${step!.id}/${name}`, Buffer.from(text), contentType);
    await upsertArtifacts(api.db, [{ id: `art_${count}_${name}`, runId, stepId: step!.id, name, ...ref }]);
    return step!.id;
  };
  const pages = async (query: string, headers?: Record<string, string>) =>
    (await (await api.get(`/runs?${query}`, headers)).json()) as Page;

  it('tells of a run, its steps, its artifacts, and what happened', async () => {
    const run = await open();
    const stepId = await keep(run.id, 'files/a b.ts', 'export {};\n');
    const told = (await (await api.get(`/runs/${run.id}`)).json()) as Record<string, unknown>;
    expect(told).toMatchObject({
      id: run.id,
      goal: 'Add a helper',
      status: 'queued',
      project_id: 'gh_7',
      created_at: run.createdAt.toISOString(),
      plan: { goal: 'Add a helper' },
      requester: mona,
      steps: [{ id: stepId, name: 'a', tool: 'codegen', status: 'queued', attempt: 0 }],
      artifacts: [{ name: 'files/a b.ts', url: `/artifacts/runs/${run.id}/steps/${stepId}/files/a%20b.ts`, size: 11 }],
    });
    const { events } = (await (await api.get(`/runs/${run.id}/timeline`)).json()) as {
      events: { seq: number; type: string }[];
    };
    expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual(['1 run.created', '2 step.enqueued']);
    expect(events[1]).toMatchObject({ run_id: run.id, step_id: stepId, payload: { tool: 'codegen' } });
    const rest = (await (await api.get(`/runs/${run.id}/timeline?after=1`)).json()) as { events: unknown[] };
    expect(rest.events).toHaveLength(1);
  });

  it('gives an artifact whole and in parts, to save and not to show', async () => {
    const run = await open();
    const stepId = await keep(run.id, 'files/page.html', '<script>1</script>', 'text/html');
    const path = `/artifacts/runs/${run.id}/steps/${stepId}/files/page.html`;
    const whole = await api.get(path);
    expect(await whole.text()).toBe('<script>1</script>');
    expect(whole.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''page.html");
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
    expect(whole.headers.get('etag')).toBe(`"${createHash('sha256').update('<script>1</script>').digest('hex')}"`);
    const part = await api.get(path, { ...ADMIN, range: 'bytes=1-6' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 1-6/18',
      'script',
    ]);
    expect((await api.get(path, { ...ADMIN, range: 'bytes=90-' })).status).toBe(416);
    expect((await api.get(`/artifacts/runs/${run.id}/steps/${stepId}/files/other.html`)).status).toBe(404);
    const other = await open({ source: by(mona, 99) });
    expect((await api.get(path.replace(run.id, other.id))).status).toBe(404);
  });

  it('gives no artifact that is not what was stored', async () => {
    const run = await open();
    const stepId = await keep(run.id, 'log', 'true');
    await artifacts.put(`runs/${run.id}/steps/${stepId}/log`, Buffer.from('lies'), 'text/plain');
    expect((await api.get(`/artifacts/runs/${run.id}/steps/${stepId}/log`)).status).toBe(500);
    expect(api.log.splice(0).join()).toContain('has changed since it was stored');
  });

  it('gives the diff once there is one', async () => {
    const run = await open();
    expect((await api.get(`/runs/${run.id}/diff`)).status).toBe(404);
    await keep(run.id, 'changes.diff', '--- a\n+++ b\n');
    expect(await (await api.get(`/runs/${run.id}/diff`)).text()).toBe('--- a\n+++ b\n');
  });

  it('cancels a run once', async () => {
    const run = await open();
    expect(await (await api.post(`/runs/${run.id}/cancel`)).json()).toMatchObject({ success: true });
    expect((await getRun(api.db, run.id))!).toMatchObject({ status: 'cancelled', cancelRequestedBy: 'admin' });
    const again = await api.post(`/runs/${run.id}/cancel`);
    expect([again.status, ((await again.json()) as { detail: string }).detail]).toEqual([
      409,
      `${run.id} is over: it has cancelled.`,
    ]);
  });

  it('takes secrets out of what it tells', async () => {
    const run = await open();
    await api.db.execute(
      sql`update nofx.step set outputs = '{"tail":"\\nghp_0123456789abcdefghijklmnopqrstuvwxyz"}' where run_id = ${run.id}`,
    );
    expect(await (await api.get(`/runs/${run.id}`)).text()).not.toContain('ghp_');
  });

  describe('lists', () => {
    const project = { ...runRequest().project, id: 'gh_70', repositoryId: 70 };
    const ids: string[] = [];
    beforeAll(async () => {
      for (let at = 0; at < 7; at += 1) {
        ids.unshift((await open({ project, source: by(at % 2 ? rita : stranger, at) })).id);
      }
      // Two of one moment: the id decides.
      await api.db.execute(
        sql`update nofx.run set created_at = (select created_at from nofx.run where id = ${ids[3]!}) where id = ${ids[2]!}`,
      );
      const tied = [ids[2]!, ids[3]!].sort().reverse();
      ids.splice(2, 2, ...tied);
    });

    it('by page', async () => {
      const first = await pages('project=gh_70&page=1&limit=3');
      expect(first.runs.map(({ id }) => id)).toEqual(ids.slice(0, 3));
      expect(first.pagination).toEqual({ page: 1, limit: 3, total: 7, pages: 3, next: ids[2] });
      const last = await pages('project=gh_70&page=3&limit=3');
      expect(last.runs.map(({ id }) => id)).toEqual(ids.slice(6));
      expect(last.pagination.next).toBeNull();
    });

    it('by cursor, each once', async () => {
      const seen: string[] = [];
      for (let next: string | null = ids[0]!; next;) {
        const page: Page = await pages(`project=gh_70&limit=2&cursor=${next}`);
        seen.push(...page.runs.map(({ id }) => id));
        next = page.pagination.next;
        expect(page.pagination.total).toBeNull();
      }
      expect(seen).toEqual(ids.slice(1));
    });

    it('by status, issue and author', async () => {
      expect((await pages('project=gh_70&issue=4')).runs).toHaveLength(1);
      expect((await pages('project=gh_70&author=Rita')).runs).toHaveLength(3);
      expect((await pages('project=gh_70&status=queued')).runs).toHaveLength(7);
      expect((await pages('project=gh_70&status=succeeded')).runs).toEqual([]);
    });

    it('names every mistake at once', async () => {
      const answer = await api.get('/runs?limit=1000&status=odd&issue=2&page=x');
      expect(answer.status).toBe(400);
      const { errors } = (await answer.json()) as { errors: { field: string }[] };
      expect(errors.map(({ field }) => field)).toEqual(['page', 'limit', 'status']);
      expect((await api.get('/runs?issue=2')).status).toBe(400);
      expect((await api.get('/runs?page=2&cursor=run_1')).status).toBe(400);
      expect((await api.get('/runs?page=11&limit=100')).status).toBe(400);
    });
  });

  describe('who sees what', () => {
    const writer = { id: 5, login: 'will' };
    let run: string;
    let stepId: string;
    beforeAll(async () => {
      run = (await open()).id;
      stepId = await keep(run, 'out', 'text');
      await keep(run, 'changes.diff', 'diff');
    });
    const routes = (): [string, 'get' | 'post'][] => [
      [`/runs/${run}`, 'get'],
      [`/runs/${run}/timeline`, 'get'],
      [`/runs/${run}/diff`, 'get'],
      [`/artifacts/runs/${run}/steps/${stepId}/out`, 'get'],
      [`/runs/${run}/cancel`, 'post'],
    ];

    // In this order: who may cancel ends the run.
    it.each([
      ['a stranger', stranger, [404, 404, 404, 404, 404]],
      ['who may read the repository', rita, [200, 200, 200, 200, 403]],
      ['who may write to it', writer, [200, 200, 200, 200, 202]],
      ['who asked for it', mona, [200, 200, 200, 200, 409]],
    ])('%s', async (_who, user, expected) => {
      const key = await api.keyOf(user);
      const got: number[] = [];
      for (const [path, method] of routes()) {
        got.push((await (method === 'get' ? api.get(path, key) : api.post(path, undefined, key))).status);
      }
      expect(got).toEqual(expected);
    });

    it('tells strangers the same of a run that there is and one that there is not', async () => {
      const key = await api.keyOf(stranger);
      const [there, not] = await Promise.all(
        [run, 'run_0'].map(async (id) => (await api.get(`/runs/${id}`, key)).json()),
      );
      expect({ ...(there as object), request_id: '' }).toEqual({ ...(not as object), request_id: '' });
    });

    it('lists each their own, and a project to whoever may read it', async () => {
      const [asMona, asRita, asStranger] = [await api.keyOf(mona), await api.keyOf(rita), await api.keyOf(stranger)];
      const all = await pages('limit=100');
      const own = await pages('limit=100', asMona);
      expect(own.runs.length).toBeGreaterThan(0);
      expect(own.runs.length).toBeLessThan(all.runs.length);
      expect((await pages('project=gh_70', asRita)).runs).toHaveLength(7);
      expect((await pages('project=gh_70', asMona)).runs).toEqual([]);
      expect((await pages('project=gh_70', asStranger)).runs).toHaveLength(4);
      expect((await api.get('/runs?author=rita', asStranger)).status).toBe(403);
      expect((await api.get('/runs?author=stranger', asStranger)).status).toBe(200);
    });

    it('asks GitHub once a minute', async () => {
      const key = await api.keyOf({ id: 3, login: 'rita-renamed' });
      const before = asked;
      for (let turn = 0; turn < 5; turn += 1) expect((await api.get(`/runs/${run}`, key)).status).toBe(200);
      expect(asked).toBe(before + 1);
    });
  });
});
