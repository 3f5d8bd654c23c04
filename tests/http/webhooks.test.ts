import { sign } from '@octokit/webhooks-methods';
import { eq } from 'drizzle-orm';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delivery } from '../../src/db/schema.ts';
import { webhookRoutes } from '../../src/http/webhooks.ts';
import { serve, type HttpServer } from '../../src/http/server.ts';
import { freshDatabase, lane } from '../support/database.ts';

const SECRET = 'a secret for tests';

describe(`webhooks on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  let server: HttpServer;
  beforeAll(async () => {
    fresh = await freshDatabase();
    const app = new Hono().route('/', webhookRoutes({ ...fresh, secret: SECRET }));
    server = await serve(app, { host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await server.close();
    await fresh.stop();
  });

  const stored = async () =>
    (await fresh.db.select({ guid: delivery.guid }).from(delivery)).map((row) => row.guid).sort();
  const post = (body: string | Buffer, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${server.port}/api/github/webhooks`, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', 'x-github-event': 'ping', ...headers },
    });
  const signed = async (guid: string, body: string, secret = SECRET) =>
    post(body, { 'x-github-delivery': guid, 'x-hub-signature-256': await sign(secret, body) });

  it('stores a signed delivery once, with its job, and answers 202 each time', async () => {
    const before = await fresh.queue.pending();
    const answers = await Promise.all(Array.from({ length: 100 }, () => signed('guid-duplicate', '{"zen":"ü"}')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect((await stored()).filter((guid) => guid === 'guid-duplicate')).toHaveLength(1);
    expect(await fresh.queue.pending()).toBe(before + 1);
  });

  it.each([
    ['no signature', '{}', { 'x-github-delivery': 'guid-refused' }, 401, 'X-Hub-Signature-256 is missing'],
    [
      'a SHA-1 signature only',
      '{}',
      { 'x-github-delivery': 'guid-refused', 'x-hub-signature': 'sha1=00' },
      401,
      'missing',
    ],
    [
      'a wrong signature',
      '{}',
      { 'x-github-delivery': 'guid-refused', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
      401,
      'WEBHOOK_SECRET',
    ],
    [
      'a signature that is none',
      '{}',
      { 'x-github-delivery': 'guid-refused', 'x-hub-signature-256': 'x' },
      401,
      'WEBHOOK_SECRET',
    ],
    ['no delivery id', '{}', {}, 400, 'X-GitHub-Delivery'],
  ])('refuses %s and stores nothing', async (_, body, headers, status, words) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(words);
    expect(await stored()).not.toContain('guid-refused');
  });

  it('refuses what is signed with another secret, "development" too', async () => {
    expect((await signed('guid-refused', '{}', 'development')).status).toBe(401);
  });

  it('refuses a body changed on the way', async () => {
    const headers = { 'x-github-delivery': 'guid-refused', 'x-hub-signature-256': await sign(SECRET, '{"a":1}') };
    expect((await post('{"a":2}', headers)).status).toBe(401);
  });

  it.each(['nonsense', '[]', 'null', '"text"'])('refuses the signed body %s as no JSON object', async (body) => {
    expect((await signed('guid-refused', body)).status).toBe(400);
    expect(await stored()).not.toContain('guid-refused');
  });

  it('stores also what Postgres does not keep as it is: U+0000 and halves of characters are shown to be missing', async () => {
    const body = String.raw`{"body":"odd \u0000 text \ud83d, \\u0000", "title":"\ud83c\udf89"}`;
    expect((await signed('guid-odd', body)).status).toBe(202);
    const [odd] = await fresh.db.select().from(delivery).where(eq(delivery.guid, 'guid-odd'));
    expect(odd!.payload).toEqual({ body: 'odd \ufffd text \ufffd, \\u0000', title: '🎉' });
  });

  it('refuses more than 25 MB', async () => {
    const answer = await post(Buffer.alloc(26 * 1024 * 1024, 32), {
      'x-github-delivery': 'guid-large',
      'x-hub-signature-256': 'x',
    });
    expect(answer.status).toBe(413);
  });
});
