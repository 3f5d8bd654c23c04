import { eq } from 'drizzle-orm';
import { Hono } from 'hono';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { listApiKeys, revokeApiKey } from '../../src/db/api-keys.ts';
import { apiKey } from '../../src/db/schema.ts';
import { serve } from '../../src/http/server.ts';
import { lane } from '../support/database.ts';
import { ADMIN, bearer, startApi } from './support.ts';

const mona = { id: 2, login: 'mona' };
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe(`who may pass, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  beforeAll(async () => void (api = await startApi()));
  afterAll(() => api.stop());
  // What is behind the door is empty: whoever passes is told that there is nothing.
  const passes = async (headers: Record<string, string>) => (await api.get('/nothing', headers)).status === 404;

  it('lets in the admin by password', async () => {
    expect(await passes(ADMIN)).toBe(true);
    expect(await passes(basic('admin:wrong'))).toBe(false);
    expect(await passes(basic('root:a password of the tests'))).toBe(false);
    expect(await passes(basic('admin'))).toBe(false);
    expect(await passes(basic('admin:'))).toBe(false);
  });

  it('lets in whoever has a key, until it is revoked, and keeps its hash only', async () => {
    const { id, key } = await createKey(api.db, { user: mona, name: 'laptop' });
    expect(await passes(bearer(key))).toBe(true);
    expect(await passes(bearer(`${key}x`))).toBe(false);
    expect(await passes(bearer('nofx_'))).toBe(false);
    const [row] = await api.db.select().from(apiKey).where(eq(apiKey.id, id));
    expect(JSON.stringify(row)).not.toContain(key.slice(5));
    expect(row!.lastUsedAt).toBeInstanceOf(Date);
    expect(await revokeApiKey(api.db, id)).toBe(true);
    expect(await revokeApiKey(api.db, id)).toBe(false);
    expect(await passes(bearer(key))).toBe(false);
    expect((await listApiKeys(api.db)).map(({ name }) => name)).toContain('laptop');
  });

  it.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['a token where no Supabase is configured', bearer('eyJhbGciOiJub25lIn0.e30.')],
    ['a scheme of another kind', { authorization: 'Digest abc' }],
    ['an empty header', { authorization: '' }],
  ])('turns away %s, at every path, and says how to come in', async (_who, headers) => {
    for (const path of [
      '/runs',
      '/nothing',
      '/x/',
      '/openapi.json/../runs',
      '/docs/x',
      '/artifacts/runs/a/steps/b/c',
    ]) {
      const answer = await api.get(path, headers);
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await answer.json()).toMatchObject({
        type: '/docs#unauthenticated',
        next: expect.stringContaining('nofx_'),
      });
    }
    expect((await api.post('/docs', {}, headers)).status).toBe(401);
  });

  it("does nothing for another site whose page sends a request with the browser's password", async () => {
    const foreignOnes: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ];
    for (const foreign of foreignOnes) {
      expect((await api.post('/nothing', {}, { ...ADMIN, ...foreign })).status).toBe(403);
    }
    expect(
      (await api.post('/nothing', {}, { ...ADMIN, origin: api.url, 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(404);
    const preflight = await fetch(`${api.url}/runs`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('holds back who asks too much, and nobody else', async () => {
    const busy = await api.keyOf({ id: 77, login: 'busy' });
    const calm = await api.keyOf({ id: 78, login: 'calm' });
    let last: Response;
    for (let asked = 0; ; asked += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => api.get('/nothing', busy)));
      last = answers.find(({ status }) => status === 429) ?? answers[0]!;
      if (last.status === 429) break;
      expect(asked).toBeLessThan(3_000);
    }
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.get('/nothing', calm)).status).toBe(404);
  });
});

describe.each(['published keys', 'a shared secret'])('access tokens of Supabase, signed with %s', (kind) => {
  const users: Record<string, unknown> = {
    'with-github': { identities: [{ provider: 'github', identity_data: { provider_id: '2', user_name: 'mona' } }] },
    // Users write their metadata themselves: it counts for nothing.
    'with-mail': {
      identities: [{ provider: 'email', identity_data: {} }],
      user_metadata: { provider_id: '2', user_name: 'mona' },
    },
  };
  const secret = new TextEncoder().encode('a secret of at least thirty-two characters');
  const shared = kind === 'a shared secret';
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let supabase: Awaited<ReturnType<typeof serve>>;
  let api: Awaited<ReturnType<typeof startApi>>;
  let issuer: string;
  beforeAll(async () => {
    pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' };
    const app = new Hono()
      .get('/auth/v1/.well-known/jwks.json', (c) => c.json({ keys: [jwk] }))
      .get('/auth/v1/admin/users/:id', (c) => {
        if (c.req.header('apikey') !== 'service') return c.json({}, 401);
        const user = users[c.req.param('id')];
        return user ? c.json(user) : c.json({}, 404);
      });
    supabase = await serve(app, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${supabase.port}`;
    issuer = `${url}/auth/v1`;
    api = await startApi({
      supabase: { url, serviceRoleKey: 'service', jwtSecret: shared ? new TextDecoder().decode(secret) : undefined },
    });
  });
  afterAll(async () => {
    await api.stop();
    await supabase.close();
  });

  const token = (sub: string, { audience = 'authenticated', from = issuer, expires = '1h', forged = false } = {}) => {
    const jwt = new SignJWT({ user_metadata: { provider_id: '2', user_name: 'mona' } })
      .setSubject(sub)
      .setIssuer(from)
      .setAudience(audience)
      .setExpirationTime(expires)
      .setProtectedHeader(shared ? { alg: 'HS256' } : { alg: forged ? 'HS256' : 'ES256', kid: 'k1' });
    const wrong = new TextEncoder().encode('another secret, of thirty-two characters');
    return jwt.sign(forged ? wrong : shared ? secret : pair.privateKey);
  };
  const passes = async (given: string) => (await api.get('/nothing', bearer(given))).status === 404;

  it('open the API to whoever signed in with GitHub', async () =>
    expect(await passes(await token('with-github'))).toBe(true));
  it.each<[string, () => Promise<string>]>([
    ['one of somebody without GitHub, whatever it says', () => token('with-mail')],
    ['one of a user who is gone', () => token('gone')],
    ['one for another audience', () => token('with-github', { audience: 'anon' })],
    ['one of another issuer', () => token('with-github', { from: 'https://other.example/auth/v1' })],
    ['one that is over', () => token('with-github', { expires: '-1s' })],
    ['one that somebody else signed', () => token('with-github', { forged: true })],
    ['none at all', async () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3aXRoLWdpdGh1YiJ9.'],
  ])('turn away %s', async (_what, make) => expect(await passes(await make())).toBe(false));

  it('are asked for later where Supabase does not answer', async () => {
    const url = 'http://127.0.0.1:9';
    const jwtSecret = shared ? new TextDecoder().decode(secret) : undefined;
    const alone = await startApi({ supabase: { url, serviceRoleKey: 'service', jwtSecret } });
    const answer = await alone.get('/nothing', bearer(await token('with-github', { from: `${url}/auth/v1` })));
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([503, 5]);
    await alone.stop();
  });
});
