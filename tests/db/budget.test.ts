import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eq, sql } from 'drizzle-orm';
import {
  blockWrites,
  budgetUse,
  takeWrite,
  writerOfInstallation as writer,
  writerOfToken,
  type WriteLimits,
} from '../../src/db/budget.ts';
import { openDb, type Executor } from '../../src/db/client.ts';
import { githubBudget } from '../../src/db/schema.ts';
import { freshDatabase, lane } from '../support/database.ts';

const NO_SPACING: WriteLimits = { perMinute: 80, perHour: 500, spacingMs: 0 };

describe(`the budget of writes to GitHub on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  /** What a second process would use; on PGlite there can be none. */
  let other: Executor;
  let close = async () => {};
  beforeAll(async () => {
    fresh = await freshDatabase();
    other = fresh.db;
    if (fresh.link.kind === 'postgres') {
      const second = await openDb({ kind: 'postgres', url: fresh.link.url });
      other = second.db;
      close = second.close;
    }
  });
  afterAll(async () => {
    await close();
    await fresh.stop();
  });

  const age = (id: number, seconds: number) => {
    const earlier = (column: unknown) => sql`${column} - ${seconds}::int * interval '1 second'`;
    return fresh.db
      .update(githubBudget)
      .set({
        minute: earlier(githubBudget.minute),
        hour: earlier(githubBudget.hour),
        blockedUntil: earlier(githubBudget.blockedUntil),
      })
      .where(eq(githubBudget.writer, writer(id)));
  };

  it('gives two processes together no more than a minute has, however they crowd', async () => {
    const takes = Array.from({ length: 200 }, (_, index) =>
      takeWrite(index % 2 ? fresh.db : other, writer(1), NO_SPACING),
    );
    const permits = await Promise.all(takes);
    expect(permits.filter((permit) => permit.ok)).toHaveLength(80);
    const waits = permits.flatMap((permit) => (permit.ok ? [] : permit.retryAfterMs));
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...waits)).toBeGreaterThan(30_000);
  });

  it('tells how much of it is used', async () => {
    expect(await budgetUse(fresh.db, writer(9))).toEqual({ minute: 0, hour: 0 });
    for (let i = 0; i < 8; i += 1) await takeWrite(fresh.db, writer(9), NO_SPACING);
    expect(await budgetUse(fresh.db, writer(9))).toEqual({ minute: 0.1, hour: 0.016 });
  });

  it('goes on in the next minute, until the hour is used up', async () => {
    let taken = 0;
    for (let minute = 0; minute < 8; minute += 1) {
      const permits = await Promise.all(
        Array.from({ length: 90 }, (_, index) => takeWrite(index % 2 ? fresh.db : other, writer(2), NO_SPACING)),
      );
      taken += permits.filter((permit) => permit.ok).length;
      await age(2, 61);
    }
    expect(taken).toBe(500);
    // The last of these minutes is over, the hour is not.
    expect(await budgetUse(fresh.db, writer(2))).toEqual({ minute: 0, hour: 1 });
    const refused = await takeWrite(fresh.db, writer(2), NO_SPACING);
    expect(refused).toMatchObject({ ok: false });
    expect(refused.ok ? 0 : refused.retryAfterMs).toBeGreaterThan(45 * 60_000);
    await age(2, 3_600);
    expect(await takeWrite(other, writer(2), NO_SPACING)).toEqual({ ok: true });
  });

  it('keeps a second between two writes of different processes', async () => {
    const spaced = { ...NO_SPACING, spacingMs: 1_000 };
    const permits = await Promise.all([
      takeWrite(fresh.db, writer(3), spaced),
      takeWrite(other, writer(3), spaced),
      takeWrite(other, writer(3), spaced),
    ]);
    expect(permits.filter((permit) => permit.ok)).toHaveLength(1);
    for (const permit of permits) if (!permit.ok) expect(permit.retryAfterMs).toBeLessThanOrEqual(1_000);
    await age(3, 1);
    expect(await takeWrite(fresh.db, writer(3), spaced)).toEqual({ ok: true });
  });

  it('lets nobody write while GitHub said to wait, and the longer wait counts', async () => {
    await blockWrites(fresh.db, writer(4), 90_000);
    await blockWrites(other, writer(4), 5_000);
    const refused = await takeWrite(other, writer(4), NO_SPACING);
    expect(refused.ok ? 0 : refused.retryAfterMs).toBeGreaterThan(60_000);
    await age(4, 91);
    expect(await takeWrite(other, writer(4), NO_SPACING)).toEqual({ ok: true });
  });

  it('counts each installation by itself, and each token', async () => {
    await blockWrites(fresh.db, writer(5), 60_000);
    await blockWrites(fresh.db, writerOfToken('GIT_TOKEN', 'github.example'), 60_000);
    for (const free of [
      writer(6),
      writerOfToken('NOFX_TOKEN_A', 'github.example'),
      writerOfToken('GIT_TOKEN', 'github.com'),
    ])
      expect(await takeWrite(other, free, NO_SPACING)).toEqual({ ok: true });
    expect(await takeWrite(other, writerOfToken('GIT_TOKEN', 'github.example'), NO_SPACING)).toMatchObject({
      ok: false,
    });
  });
});
