import { and, inArray, isNotNull, sql } from 'drizzle-orm';
import type { DaySpent, DayMerged } from '../domain/costs.ts';
import type { Executor } from './client.ts';
import { run } from './schema.ts';

/** Since when, and of which projects: of all where absent. */
export type CostWindow = { since: Date; projectIds?: string[] | undefined };

/** A day in UTC, as `2026-11-27`. */
const dayOf = (moment: typeof run.createdAt | typeof run.mergedAt) =>
  sql<string>`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD')`;

/** With both its ends the planner takes it for the small part that it is, and reads it by the index. */
const within = (moment: typeof run.createdAt | typeof run.mergedAt, since: Date) =>
  sql`${moment} between ${since.toISOString()} and now()`;

/** What the runs of each project have cost, by the day that they were asked for, as the limit for a day counts them. */
export async function spentByDay(db: Executor, { since, projectIds }: CostWindow): Promise<DaySpent[]> {
  return db
    .select({
      day: dayOf(run.createdAt),
      projectId: run.projectId,
      usd: sql<number>`coalesce(sum((${run.cost}->>'usd')::float8), 0)`,
      runs: sql<number>`count(*)::int`,
      unpriced: sql<number>`(count(*) filter (where ${run.cost} is not null and ${run.cost}->>'usd' is null))::int`,
    })
    .from(run)
    .where(and(within(run.createdAt, since), projectIds && inArray(run.projectId, projectIds)))
    .groupBy(sql`1`, sql`2`);
}

/** How many pull requests of runs were merged, by day and project. */
export async function mergedByDay(db: Executor, { since, projectIds }: CostWindow): Promise<DayMerged[]> {
  return db
    .select({
      day: dayOf(run.mergedAt),
      projectId: run.projectId,
      // Several runs may have worked on one.
      merged: sql<number>`count(distinct ${run.pullRequest}->>'number')::int`,
    })
    .from(run)
    .where(and(isNotNull(run.mergedAt), within(run.mergedAt, since), projectIds && inArray(run.projectId, projectIds)))
    .groupBy(sql`1`, sql`2`);
}
