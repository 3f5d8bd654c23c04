import { Webhooks } from '@octokit/webhooks';
import { Hono } from 'hono';
import { serve } from '../src/http/server.ts';
import { serveParent } from './child.ts';

/** The least a webhook can cost: the same HTTP server, the signature checked, 202, nothing kept. */
await serveParent<{ secret: string }, never>(async ({ secret }) => {
  const webhooks = new Webhooks({ secret });
  const app = new Hono().post('/api/github/webhooks', async (c) => {
    const held = await webhooks.verify(await c.req.text(), c.req.header('x-hub-signature-256') ?? '');
    return held ? c.json({ accepted: 'not stored' }, 202) : c.json({}, 401);
  });
  const server = await serve(app, { host: '127.0.0.1', port: 0 });
  return {
    ready: { url: `http://127.0.0.1:${server.port}` },
    answer: () => Promise.resolve(null),
    stop: () => server.close(),
  };
});
