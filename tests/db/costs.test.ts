import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mergedByDay, spentByDay } from '../../src/db/costs.ts';
import { noteMerged } from '../../src/db/runs.ts';
import { freshDatabase } from '../support/database.ts';
import { fillPast } from '../support/past.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
  await fillPast(database.db, 4);
  const cost = (usd: number | null) => sql`${JSON.stringify({ usd, cappedUsd: 9 })}::jsonb`;
  const set = (past: number, at: string, usd: number | null, pull: number) =>
    database.db
      .execute(sql`update nofx.run set created_at = ${at}::timestamptz, project_id = 'past_1', cost = ${cost(usd)},
      pull_request = ${JSON.stringify({ number: pull, url: 'u' })}::jsonb where trigger_key = ${`past:${past}`}`);
  await set(1, '2026-01-01T23:59:59Z', 1.5, 7);
  await set(2, '2026-01-02T01:00:00+02:00', 0.25, 7);
  await set(3, '2026-01-02T00:00:00Z', null, 8);
});
afterAll(() => database.stop());

it('adds up what runs have cost by day, in UTC, and what was merged, each pull request once', async () => {
  const { db } = database;
  const at = new Date('2026-01-03T12:00:00Z');
  expect(await noteMerged(db, { projectId: 'past_1', number: 7, at })).toBe(true);
  expect(await noteMerged(db, { projectId: 'past_1', number: 9, at })).toBe(false);
  expect(await noteMerged(db, { projectId: 'past_2', number: 8, at })).toBe(false);
  const since = new Date('2026-01-01T00:00:00Z');
  const spent = await spentByDay(db, { since, projectId: 'past_1' });
  expect(spent.toSorted((a, b) => (a.day < b.day ? -1 : 1))).toEqual([
    { day: '2026-01-01', projectId: 'past_1', usd: 1.75, runs: 2, unpriced: 0 },
    { day: '2026-01-02', projectId: 'past_1', usd: 0, runs: 1, unpriced: 1 },
  ]);
  expect(await mergedByDay(db, { since })).toEqual([{ day: '2026-01-03', projectId: 'past_1', merged: 1 }]);
  expect(await mergedByDay(db, { since, projectId: 'past_2' })).toEqual([]);
  expect(await mergedByDay(db, { since, requesterId: 1 })).toEqual([]);
  expect(await spentByDay(db, { since, requesterId: 1 })).toEqual([]);
});
