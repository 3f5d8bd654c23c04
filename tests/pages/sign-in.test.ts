import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuesses } from '../../src/api/guesses.ts';
import { createKey } from '../../src/api/keys.ts';
import { createSessions } from '../../src/api/sessions.ts';
import { revokeApiKey } from '../../src/db/api-keys.ts';
import { PASSWORD, startApi } from '../api/support.ts';
import { visitor } from './support.ts';

const mona = { id: 2, login: 'mona' };

describe('signing in', () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  beforeAll(async () => void (api = await startApi()));
  afterAll(() => api.stop());

  it('shows strangers where to sign in, whatever they ask for, and leads them back', async () => {
    const browser = visitor(api.url);
    expect((await browser.open('/')).location).toBe('/ui/runs');
    const { status, location } = await browser.open('/ui/nothing?a=b&c=%20d');
    expect(status).toBe(303);
    expect(location).toBe('/ui/sign-in?to=%2Fui%2Fnothing%3Fa%3Db%26c%3D%2520d');
    expect((await browser.open(location!)).text).toContain('<h1>Sign in</h1>');
    const answer = await browser.send('/ui/sign-in', { secret: PASSWORD });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/ui/nothing?a=b&c=%20d']);
    expect((await browser.open('/ui/nothing')).status).toBe(404);
    expect((await browser.open('/ui/sign-in?to=/ui/costs')).location).toBe('/ui/costs');
  });

  it.each([
    'https://evil.example/ui/runs',
    '//evil.example/ui/runs',
    '/\\evil.example/ui/runs',
    '/%5Cevil.example',
    '\t//evil.example/ui/',
    'javascript:alert(1)',
    '/runs',
    '/ui/../runs',
    '/ui/sign-in',
    'http://here:80@evil.example/ui/',
  ])('leads nobody to %j', async (to) => {
    const browser = visitor(api.url);
    await browser.open(`/ui/sign-in?to=${encodeURIComponent(to)}`);
    const answer = await browser.send('/ui/sign-in', { secret: PASSWORD });
    expect(answer.headers.get('location')).toBe('/ui/runs');
  });

  it('keeps the session from scripts and other sites, and from the open wire where there is https', async () => {
    const browser = visitor(api.url);
    await browser.open('/ui/sign-in');
    const plain = await browser.send('/ui/sign-in', { secret: PASSWORD });
    const cookie = plain.headers.getSetCookie().find((line) => line.startsWith('nofx_session='))!;
    expect(cookie).toMatch(/; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    const other = visitor(api.url);
    await other.open('/ui/sign-in');
    const encrypted = await other.send(
      '/ui/sign-in',
      { secret: PASSWORD },
      { origin: api.url, 'x-forwarded-proto': 'https' },
    );
    expect(encrypted.headers.getSetCookie().join()).toContain('; Secure');
  });

  it('says on every page what browsers may do with it', async () => {
    const { headers } = await visitor(api.url).ask('/ui/sign-in');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has browsers keep its style for as long as it is that one', async () => {
    const browser = visitor(api.url);
    const [, path = ''] = /href="(\/ui\/style\.css[^"]*)"/.exec((await browser.open('/ui/sign-in')).text)!;
    const style = await browser.ask(path);
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(style.headers.get('cache-control')).toContain('immutable');
    // A page of another version, while servers are replaced one by one.
    const other = await browser.ask('/ui/style.css?v=0123456789ab');
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-store']);
  });

  it('takes a key for as long as it is not revoked, for pages and the API alike', async () => {
    const { id, key } = await createKey(api.db, { user: mona, name: 'laptop' });
    const browser = visitor(api.url);
    await browser.signIn(key);
    expect((await browser.open('/ui/nothing')).text).toContain('<span>mona</span>');
    expect((await browser.ask('/runs')).status).toBe(200);
    await revokeApiKey(api.db, id);
    expect((await browser.open('/ui/nothing')).status).toBe(303);
    expect((await browser.ask('/runs')).status).toBe(401);
  });

  it('ends on signing out, in every process and wherever its cookie was copied to', async () => {
    const browser = visitor(api.url);
    await browser.signIn(PASSWORD);
    await browser.open('/ui/nothing');
    const headers = { cookie: `nofx_session=${browser.cookies.get('nofx_session')}` };
    const beside = await api.beside();
    const seen = () =>
      Promise.all(
        [api, beside].flatMap(({ url }) =>
          ['/ui/runs', '/runs'].map(async (path) => (await fetch(url + path, { headers, redirect: 'manual' })).status),
        ),
      );
    expect(await seen()).toEqual([200, 200, 200, 200]);
    expect((await browser.send('/ui/sign-out')).status).toBe(303);
    expect((await browser.open('/ui/nothing')).status).toBe(303);
    expect(await seen()).toEqual([303, 401, 303, 401]);
    await beside.stop();
  });

  it('has no session that somebody made up, of another time or for another password', async () => {
    const passes = async (session: string) =>
      (await fetch(`${api.url}/runs`, { headers: { cookie: `nofx_session=${session}` } })).status === 200;
    const ours = await api.deps.sessions.begin({ kind: 'admin' });
    expect(await passes(ours)).toBe(true);
    const { rows } = await api.db.execute<{ hash: string }>(sql`select hash from nofx.session`);
    for (const made of [`${ours.slice(0, -2)}AA`, '', ...rows.map(({ hash }) => hash)]) {
      expect(await passes(made), made).toBe(false);
    }
    const former = createSessions({ db: api.db, secrets: ['a secret of the tests', 'the former password'] });
    expect(await passes(await former.begin({ kind: 'admin' }))).toBe(false);
    await api.db.execute(sql`update nofx.session set ends_at = now()`);
    expect(await passes(ours)).toBe(false);
  });

  describe('forms', () => {
    it.each<[string, Record<string, string>, Record<string, string>]>([
      ['from another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, {}],
      ['from a neighbour', { 'sec-fetch-site': 'same-site' }, {}],
      ['that come from nowhere', {}, {}],
      ['without a token', { 'sec-fetch-site': 'same-origin' }, { form: '' }],
      ['with one of somebody else', { 'sec-fetch-site': 'same-origin' }, { form: 'another' }],
    ])('are refused %s', async (_what, headers, fields) => {
      const browser = visitor(api.url);
      await browser.open('/ui/sign-in');
      expect((await browser.send('/ui/sign-in', { secret: PASSWORD, ...fields }, headers)).status).toBe(403);
      expect(browser.cookies.has('nofx_session')).toBe(false);
      await browser.signIn(PASSWORD);
      await browser.open('/ui/nothing');
      expect((await browser.send('/ui/sign-out', fields, headers)).status).toBe(403);
      expect(browser.cookies.has('nofx_session')).toBe(true);
    });

    it('have a token that is good in one browser only', async () => {
      const [one, other] = [visitor(api.url), visitor(api.url)];
      await one.open('/ui/sign-in');
      const { text } = await other.open('/ui/sign-in');
      const [, form = ''] = /name="form" value="([^"]+)"/.exec(text)!;
      expect((await one.send('/ui/sign-in', { secret: PASSWORD, form })).status).toBe(403);
      expect((await one.send('/ui/sign-in', { secret: PASSWORD })).status).toBe(303);
    });
  });

  it('lets a session change something only where a page of ours asks', async () => {
    const browser = visitor(api.url);
    await browser.signIn(PASSWORD);
    const post = async (headers: Record<string, string>) =>
      (await browser.ask('/runs/run_x/cancel', { method: 'POST', headers })).status;
    expect(await post({})).toBe(401);
    expect(await post({ origin: 'https://evil.example' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'none' })).toBe(401);
    expect(await post({ 'sec-fetch-site': 'same-origin' })).toBe(404);
    expect(await post({ origin: api.url })).toBe(404);
  });

  it('takes up what was typed as text', async () => {
    const browser = visitor(api.url);
    const evil = '/ui/"><script>alert(1)</script>';
    const { text } = await browser.open(`/ui/sign-in?to=${encodeURIComponent(evil)}`);
    expect(text).not.toContain('<script>alert');
  });
});

describe('guessing', () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  beforeAll(async () => void (api = await startApi()));
  afterAll(() => api.stop());

  it('is held back, on the page and the API together, and keys are not', async () => {
    const browser = visitor(api.url);
    const guess = async () => {
      await browser.open('/ui/sign-in');
      return (await browser.send('/ui/sign-in', { secret: 'a wrong password' })).status;
    };
    const wrong = { authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` };
    for (let guesses = 0; guesses < 5; guesses += 1) {
      expect(await guess()).toBe(403);
      expect((await api.get('/runs', wrong)).status).toBe(401);
    }
    expect(await guess()).toBe(429);
    expect((await api.get('/runs', wrong)).status).toBe(429);
    const right = await browser.send('/ui/sign-in', { secret: PASSWORD });
    expect([right.status, right.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await right.text()).toContain('Wait a minute');
    await browser.signIn((await createKey(api.db, { user: mona, name: 'laptop' })).key);
    expect((await browser.ask('/runs')).status).toBe(200);
  });

  it('may go on after a while', async () => {
    const guesses = createGuesses({ burst: 1, everyMs: 20 });
    const c = { env: { incoming: { socket: { remoteAddress: '192.0.2.1' } } } } as never;
    guesses.note(c);
    expect(() => guesses.allow(c)).toThrow('Too many');
    await expect.poll(() => guesses.allow(c) ?? 'allowed').toBe('allowed');
  });
});
