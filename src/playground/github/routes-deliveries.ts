import { Hono } from 'hono';
import { requireApp } from './access.ts';
import type { Env } from './auth.ts';
import { fail, notFound } from './respond.ts';
import { iso } from './shape-common.ts';
import type { Delivery, Webhooks } from './webhooks.ts';

const itemShape = (delivery: Delivery) => ({
  id: delivery.id,
  guid: delivery.guid,
  delivered_at: iso(delivery.deliveredAt),
  redelivery: delivery.redelivery,
  duration: Math.round(delivery.durationMs) / 1000,
  status: delivery.status,
  status_code: delivery.statusCode,
  event: delivery.event,
  action: delivery.action,
  installation_id: delivery.installationId,
  repository_id: delivery.repositoryId,
  throttled_at: null,
});

/** The log of the app's webhook deliveries, newest first, paged by cursor as on GitHub. */
export function deliveryRoutes(webhooks: Webhooks): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/app/hook/deliveries', (c) => {
    requireApp(c);
    const perPage = Math.min(100, Number(c.req.query('per_page') ?? 30) || 30);
    const status = c.req.query('status');
    // A delivery that nobody has answered yet is not in GitHub's list either.
    const answered = webhooks.log().filter((delivery) => delivery.status !== 'pending');
    const kept = answered.filter((delivery) => !status || (status === 'success') === (delivery.status === 'OK'));
    const cursor = c.req.query('cursor');
    const start = cursor
      ? Math.max(
          0,
          kept.findIndex((delivery) => `v1_${delivery.id}` === cursor),
        )
      : 0;
    const next = kept[start + perPage];
    if (next) {
      const url = new URL(c.req.url);
      url.searchParams.set('cursor', `v1_${next.id}`);
      c.header('link', `<${url.href}>; rel="next"`);
    }
    return c.json(kept.slice(start, start + perPage).map(itemShape));
  });

  const find = (id: string) => webhooks.log().find((delivery) => delivery.id === Number(id));

  routes.get('/app/hook/deliveries/:id', (c) => {
    requireApp(c);
    const delivery = find(c.req.param('id')) ?? notFound();
    return c.json({
      ...itemShape(delivery),
      url: delivery.url,
      request: { headers: delivery.request.headers, payload: delivery.request.payload },
      response: { headers: delivery.response?.headers ?? null, payload: delivery.response?.body ?? null },
    });
  });

  routes.post('/app/hook/deliveries/:id/attempts', (c) => {
    requireApp(c);
    const delivery = find(c.req.param('id'));
    if (!delivery) return fail(404, 'Not Found');
    void webhooks.redeliver(delivery.id);
    return c.json({}, 202);
  });

  return routes;
}
