import { Hono } from 'hono';
import type { Executor } from '../db/client.ts';
import { readiness, type Limits, type Readiness } from './readiness.ts';

/**
 * `/health`: the process answers. `/health/ready`: it can do its work; else 503, with the part that is in the way.
 * `folders` are those it writes to. Whoever asks more often than every `keptMs` is told what was found then: it is open
 * to strangers.
 */
export function healthRoutes(
  { db, folders }: { db: Executor; folders: readonly string[] },
  { keptMs = 1_000, ...limits }: Partial<Limits> & { keptMs?: number } = {},
): Hono {
  let asked: { at: number; found: Promise<Readiness> } | null = null;
  const look = () => {
    if (asked === null || performance.now() - asked.at > keptMs)
      asked = { at: performance.now(), found: readiness({ db, folders }, limits) };
    return asked.found;
  };
  const routes = new Hono();
  routes.get('/health', (c) => c.json({ status: 'ok' }));
  routes.get('/health/ready', async (c) => {
    const found = await look();
    const parts = Object.fromEntries(Object.entries(found).map(([part, wrong]) => [part, wrong ?? 'ok']));
    const ready = Object.values(found).every((wrong) => wrong === null);
    return c.json({ status: ready ? 'ready' : 'unavailable', ...parts }, ready ? 200 : 503);
  });
  return routes;
}
