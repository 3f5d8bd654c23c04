import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/artifacts/store.ts';
import { upsertArtifacts } from '../../src/db/artifacts.ts';
import { listSteps } from '../../src/db/steps.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';
import { startSupabase } from '../support/supabase.ts';
import { ADMIN, startApi } from './support.ts';

describe(`artifacts that are in Supabase, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let supabase: Awaited<ReturnType<typeof startSupabase>>;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    supabase = await startSupabase();
    folder = await mkdtemp(join(tmpdir(), 'nofx-artifacts-'));
    const log = pino({ level: 'silent' });
    const artifacts = createArtifactStore({ localRoot: folder, supabase: supabase.options, log });
    api = await startApi({ artifacts, github: { permission: async () => 'none' } });
    const opened = await openRun(api.deps, runRequest());
    if (!opened.ok) throw new Error(opened.errors.join());
    const [step] = await listSteps(api.db, opened.run.id);
    const of = { runId: opened.run.id, stepId: step!.id, name: 'files/a page.html' };
    url = `/artifacts/runs/${of.runId}/steps/${of.stepId}/files/a%20page.html`;
    const path = `runs/${of.runId}/steps/${of.stepId}/${of.name}`;
    const ref = await artifacts.put(path, Buffer.from('<p>'), 'text/html');
    await upsertArtifacts(api.db, [{ id: 'art_1', ...of, ...ref }]);
  });
  afterAll(async () => {
    await api.stop();
    await supabase.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (query = '', headers: Record<string, string> = {}) =>
    fetch(api.url + url + query, { redirect: 'manual', headers: { ...ADMIN, ...headers } });

  it('are found behind a signed URL, which is good without a key, as a download', async () => {
    const answer = await ask();
    expect(answer.status).toBe(302);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const there = answer.headers.get('location')!;
    expect(there.startsWith(supabase.options.url)).toBe(true);
    const got = await fetch(there);
    expect(await got.text()).toBe('<p>');
    expect(got.headers.get('content-disposition')).toContain('a page.html');
    expect((await fetch(there.replace(/token=\w+/, 'token=x'))).status).toBe(400);
  });

  it('come from here where they are wanted verified, or in part', async () => {
    const whole = await ask('?verified=1');
    expect([whole.status, await whole.text()]).toEqual([200, '<p>']);
    expect(whole.headers.get('content-disposition')).toContain('attachment');
    const part = await ask('', { range: 'bytes=1-1' });
    expect([part.status, await part.text()]).toEqual([206, 'p']);
  });

  it('are shown the way to nobody who may not see the run, and wait while Supabase is away', async () => {
    expect((await ask('', await api.keyOf({ id: 9, login: 'stranger' }))).status).toBe(404);
    supabase.setDown(true);
    const [signed, verified] = [await ask(), await ask('?verified=1')];
    supabase.setDown(false);
    expect([signed.status, verified.status]).toEqual([503, 503]);
    expect(signed.headers.get('retry-after')).toBe('5');
  });
});
