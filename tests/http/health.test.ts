import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinWorkers } from '../../src/db/presence.ts';
import { healthRoutes } from '../../src/http/health.ts';
import { freshDatabase, lane } from '../support/database.ts';

describe(`whether NOFX is ready, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  const folders = ['/', '/is/not/there/yet'];
  /** A process that was just started: what another one found is not kept in it. */
  const ready = async (
    limits: Parameters<typeof healthRoutes>[1] = { freeBytes: 1 },
    given = { ...fresh, folders },
  ) => {
    const answer = await healthRoutes(given, limits).request('/health/ready');
    return { code: answer.status, ...((await answer.json()) as object) };
  };
  const well = { status: 'ready', database: 'ok', queue: 'ok', disk: 'ok' };
  const badly = { ...well, code: 503, status: 'unavailable' };

  it('says so where all is well', async () => expect(await ready()).toEqual({ code: 200, ...well }));

  it('names the disk where it is nearly full', async () => {
    const freeBytes = Number.MAX_SAFE_INTEGER;
    expect(await ready({ freeBytes })).toEqual({
      ...badly,
      disk: expect.stringMatching(/^less than \d+ MiB are free$/),
    });
  });

  it('names the queue where jobs wait and nobody works', async () => {
    await fresh.db.transaction((tx) => fresh.queue.enqueue(tx, 'delivery', { guid: 'a' }));
    expect(await ready()).toEqual({ code: 200, ...well });
    await fresh.db.execute(sql`update pgboss.job set start_after = now() - interval '90 seconds'`);
    expect(await ready()).toEqual({
      ...badly,
      queue: expect.stringMatching(/^nobody works, and a job has waited for 9\d s$/),
    });
    const { leave } = await joinWorkers(fresh, async () => {});
    expect(await ready()).toEqual({ code: 200, ...well });
    await leave();
  });

  it('names the database where it does not answer; within a second it does not look again', async () => {
    const gone = await freshDatabase();
    const kept = healthRoutes({ ...gone, folders }, { freeBytes: 1, keptMs: 600_000 });
    expect((await kept.request('/health/ready')).status).toBe(200);
    await gone.stop();
    expect((await kept.request('/health/ready')).status).toBe(200);
    expect(await ready(undefined, { ...gone, folders: [] })).toMatchObject({
      ...badly,
      database: 'it does not answer',
      queue: 'it is in the database',
    });
  });
});
