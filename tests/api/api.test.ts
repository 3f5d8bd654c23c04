import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { visitor } from '../pages/support.ts';
import { PASSWORD, startApi } from './support.ts';

describe(`the API's manners, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  beforeAll(async () => void (api = await startApi()));
  afterAll(() => api.stop());

  it('tells problems as RFC 9457 has it, under the id that its log has', async () => {
    const answer = await api.get('/nothing');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const id = answer.headers.get('x-request-id');
    expect(id).toBeTruthy();
    expect(await answer.json()).toEqual({
      type: '/docs#not_found',
      title: expect.any(String),
      status: 404,
      request_id: id,
    });
  });

  it('guards every answer', async () => {
    for (const path of ['/nothing', '/openapi.json']) {
      const { headers } = await api.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('describes itself, to programs and to people, without a script', async () => {
    const document = (await (await api.get('/openapi.json', {})).json()) as { openapi: string; components: object };
    expect(document.openapi).toBe('3.1.0');
    expect(document.components).toMatchObject({
      securitySchemes: { key: { scheme: 'bearer' }, admin: { scheme: 'basic' } },
      schemas: {
        GitOperation: { oneOf: expect.arrayContaining([expect.objectContaining({ required: ['operation'] })]) },
      },
    });
    const page = await api.get('/docs', {});
    const text = await page.text();
    expect(text).toContain('<h1>NOFX API</h1>');
    expect(text).not.toContain('<script');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });

  it('takes no text that no database keeps', async () => {
    for (const path of ['/runs/%00', '/runs?project=a%00b']) expect((await api.get(path)).status).toBe(400);
    const browser = visitor(api.url);
    await browser.signIn(PASSWORD);
    for (const path of ['/ui/runs/%00', '/ui/search?q=%00']) expect((await browser.ask(path)).status).toBe(400);
    await browser.open('/ui/projects/new');
    const form = { name: '\0', repo_url: 'https://a.example/b/c', workspace_mode: 'clone', git_mode: 'basic' };
    expect((await browser.send('/ui/projects', form)).status).toBe(400);
    const send = async (url: string) => (await api.post('/webhooks', { url })).status;
    expect(await send('https://a/\0')).toBe(400);
    expect(await send('https://a/\ud800')).toBe(400);
    // Whole characters, and a backslash of one's own, are fine: these are no URLs.
    expect(await send('\u{1f600}')).toBe(422);
    expect(await send('\\u0000')).toBe(422);
  });

  it('takes no body without end', async () => {
    expect((await api.post('/nothing', 'x'.repeat(2 * 1024 * 1024))).status).toBe(413);
  });
});
