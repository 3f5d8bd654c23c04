import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { createRunLinks } from '../../src/domain/run-link.ts';
import { createSecretKeeper } from '../../src/secrets.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { startApi } from '../api/support.ts';
import { runRequest } from '../support/run-request.ts';
import { visitor } from './support.ts';

describe('the link of a run', () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let linked: string;
  let other: string;
  let link: string;
  beforeAll(async () => {
    api = await startApi({ github: { permission: async () => 'none' } });
    const open = async (triggerKey: string) => {
      const opened = await openRun(api.deps, runRequest({ triggerKey }));
      if (!opened.ok) throw new Error(opened.errors.join());
      return opened.run.id;
    };
    linked = await open('link:1');
    other = await open('link:2');
    link = new URL(api.deps.links.urlOf(linked)!).pathname + new URL(api.deps.links.urlOf(linked)!).search;
  });
  afterAll(() => api.stop());

  it('opens that run to be read, with all that is its own, and nothing else', async () => {
    const browser = visitor(api.url);
    const entered = await browser.ask(link);
    expect([entered.status, entered.headers.get('location')]).toEqual([303, `/ui/runs/${linked}`]);
    const status = async (path: string, init: RequestInit = {}) =>
      (
        await fetch(api.url + path, {
          redirect: 'manual',
          ...init,
          headers: { cookie: cookieFor(path), ...init.headers },
        })
      ).status;
    // As browsers do, who keep to the paths of a cookie; and one who does not.
    const scoped = entered.headers.getSetCookie().map((line) => /^([^;]+);.* Path=([^;]+);/.exec(line)!);
    const cookieFor = (path: string) => scoped.find(([, , where]) => path.startsWith(where!))?.[1] ?? scoped[0]![1]!;
    expect(scoped).toHaveLength(3);
    expect(await status(`/ui/runs/${linked}`)).toBe(200);
    expect(await status(`/runs/${linked}`)).toBe(200);
    expect(await status(`/runs/${linked}/timeline`)).toBe(200);
    expect(await status(`/runs/${linked}/diff`)).toBe(404);
    expect(await status(`/artifacts/runs/${linked}/steps/step_x/y`)).toBe(404);
    const stream = await fetch(`${api.url}/runs/${linked}/stream`, {
      headers: { cookie: cookieFor(`/runs/${linked}`) },
    });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    await stream.body?.cancel();

    expect(await status(`/ui/runs/${other}`)).toBe(303);
    expect(await status('/ui/runs')).toBe(303);
    for (const path of [
      `/runs/${other}`,
      '/runs',
      '/projects',
      `/artifacts/runs/${other}/steps/a/b`,
      `/runs/${linked}x`,
    ]) {
      expect(await status(path), path).toBe(401);
    }
    const origin = { origin: api.url, 'sec-fetch-site': 'same-origin' };
    expect(await status(`/runs/${linked}/cancel`, { method: 'POST', headers: origin })).toBe(401);
    expect(await status(`/ui/runs/${linked}/cancel`, { method: 'POST', headers: origin })).toBe(403);
  });

  it('adds to what somebody may do who is signed in', async () => {
    const { key } = await createKey(api.db, { user: { id: 99, login: 'rita' }, name: 'test' });
    const browser = visitor(api.url);
    await browser.signIn(key);
    expect((await browser.open(`/ui/runs/${linked}`)).status).toBe(404);
    await browser.ask(link);
    expect((await browser.open(`/ui/runs/${linked}`)).text).toContain('<span>rita</span>');
    expect((await browser.open(`/ui/runs/${other}`)).status).toBe(404);
  });

  it('is not there with a wrong key, or that of another run or another server', async () => {
    const keyOf = (url: string | null) => new URL(url!).searchParams.get('key')!;
    const foreign = createRunLinks({ secret: 'another secret', publicUrl: 'https://nofx.example.com' });
    for (const key of ['', 'x', keyOf(api.deps.links.urlOf(other)), keyOf(foreign.urlOf(linked))]) {
      const answer = await visitor(api.url).ask(`/ui/runs/${linked}?key=${key}`);
      expect(answer.status, key).toBe(404);
      expect(answer.headers.getSetCookie().filter((line) => line.startsWith('nofx_link'))).toEqual([]);
    }
  });

  it('is kept from the log, and from the addresses of other sites', async () => {
    const { redact } = createSecretKeeper([]);
    expect(redact(`GET ${link} 200`)).toBe(`GET /ui/runs/${linked}?key=[redacted] 200`);
    const answer = await visitor(api.url).ask(link);
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is none where nobody has said where the server is', () => {
    expect(createRunLinks({ secret: 'a secret of the tests', publicUrl: null }).urlOf(linked)).toBeNull();
  });
});
