import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import type { Executor } from '../db/client.ts';

/** `/health`: the process answers. `/health/ready`: its database does too. */
export function healthRoutes({ db }: { db: Executor }): Hono {
  const routes = new Hono();
  routes.get('/health', (c) => c.json({ status: 'ok' }));
  routes.get('/health/ready', async (c) => {
    try {
      await db.execute(sql`select 1`);
      return c.json({ status: 'ready' });
    } catch {
      return c.json({ status: 'unavailable', reason: 'the database does not answer' }, 503);
    }
  });
  return routes;
}
