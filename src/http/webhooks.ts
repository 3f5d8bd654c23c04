import { Webhooks } from '@octokit/webhooks';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Executor } from '../db/client.ts';
import { insertDelivery } from '../db/deliveries.ts';
import { WEBHOOK_PATH } from '../domain/app-manifest.ts';
import { createArrivals } from '../domain/fair-turns.ts';
import type { Queue } from '../queue/jobs.ts';

/** GitHub sends no more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
const MAX_BODY_BYTES = 25 * 1024 * 1024;

const GUID = /^[0-9a-zA-Z-]{8,64}$/;

/**
 * The inbox. A delivery whose signature holds is stored, with its job, in one transaction, and only
 * then answered 202: from there on it cannot be lost. A GUID seen before is answered the same and
 * changes nothing.
 */
export function webhookRoutes(deps: {
  db: Executor;
  queue: Queue;
  secret: string;
  /** told what each request was answered, for the figures */
  onResult?: (result: 'stored' | 'repeated' | 'refused') => void;
}): Hono {
  const webhooks = new Webhooks({ secret: deps.secret });
  const routes = new Hono();
  const arrive = createArrivals(Date.now);
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => c.json({ error: 'The payload is larger than the 25 MB GitHub sends at most.' }, 413),
  });

  routes.use(WEBHOOK_PATH, async (c, next) => {
    await next();
    if (c.res.status >= 400 && c.res.status < 500) deps.onResult?.('refused');
  });
  routes.post(WEBHOOK_PATH, limit, async (c) => {
    const guid = c.req.header('x-github-delivery');
    const event = c.req.header('x-github-event');
    const signature = c.req.header('x-hub-signature-256');
    if (!guid || !GUID.test(guid) || !event) {
      return c.json({ error: 'X-GitHub-Delivery and X-GitHub-Event are missing: is this a webhook of GitHub?' }, 400);
    }
    if (!signature) return c.json({ error: 'X-Hub-Signature-256 is missing: set a webhook secret for the app.' }, 401);
    const body = await c.req.text();
    if (!(await webhooks.verify(body, signature).catch(() => false))) {
      return c.json({ error: 'The signature does not match: is WEBHOOK_SECRET the secret of the app?' }, 401);
    }
    const payload = parseObject(body);
    if (payload === null)
      return c.json({ error: 'The body is not a JSON object: set the content type to application/json.' }, 400);

    const priority = arrive(repositoryOf(payload));
    const fresh = await deps.db.transaction(async (tx) => {
      const inserted = await insertDelivery(tx, { guid, event, body });
      if (inserted) await deps.queue.enqueue(tx, 'delivery', { guid }, { priority });
      return inserted;
    });
    deps.onResult?.(fresh ? 'stored' : 'repeated');
    return c.json({ accepted: fresh ? 'stored' : 'already stored' }, 202);
  });
  return routes;
}

/** Whose webhook it is; of those about no repository all are one's. */
function repositoryOf({ repository }: Record<string, unknown>): number {
  return Repository.safeParse(repository).data?.id ?? 0;
}

const Repository = z.object({ id: z.number() });

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
