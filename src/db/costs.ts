import { and, eq, isNotNull, sql } from 'drizzle-orm';
import type { DaySpent, DayMerged } from '../domain/costs.ts';
import type { Executor } from './client.ts';
import { run } from './schema.ts';

/** Since when; of one project, and of what somebody on GitHub has asked for: of all where absent. */
export type CostWindow = { since: Date; projectId?: string | undefined; requesterId?: number | undefined };

/** A day in UTC, as `2026-11-27`. */
const dayOf = (moment: typeof run.createdAt | typeof run.mergedAt) =>
  sql<string>`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD')`;

/** With both ends of the time the planner takes it for the small part that it is, and reads it by the index. */
const inside = ({ since, projectId, requesterId }: CostWindow, moment: typeof run.createdAt | typeof run.mergedAt) =>
  and(
    sql`${moment} between ${since.toISOString()} and now()`,
    projectId === undefined ? undefined : eq(run.projectId, projectId),
    requesterId === undefined ? undefined : sql`((${run.source} -> 'requester' ->> 'id'))::bigint = ${requesterId}`,
  );

/** What the runs of each project have cost, by the day that they were asked for, as the limit for a day counts them. */
export async function spentByDay(db: Executor, window: CostWindow): Promise<DaySpent[]> {
  return db
    .select({
      day: dayOf(run.createdAt),
      projectId: run.projectId,
      usd: sql<number>`coalesce(sum((${run.cost}->>'usd')::float8), 0)`,
      runs: sql<number>`count(*)::int`,
      unpriced: sql<number>`(count(*) filter (where ${run.cost} is not null and ${run.cost}->>'usd' is null))::int`,
    })
    .from(run)
    .where(inside(window, run.createdAt))
    .groupBy(sql`1`, sql`2`);
}

/** How many pull requests of runs were merged, by day and project. */
export async function mergedByDay(db: Executor, window: CostWindow): Promise<DayMerged[]> {
  return db
    .select({
      day: dayOf(run.mergedAt),
      projectId: run.projectId,
      // Several runs may have worked on one.
      merged: sql<number>`count(distinct ${run.pullRequest}->>'number')::int`,
    })
    .from(run)
    .where(and(isNotNull(run.mergedAt), inside(window, run.mergedAt)))
    .groupBy(sql`1`, sql`2`);
}
