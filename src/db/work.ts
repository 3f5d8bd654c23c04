import { and, asc, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { run, step } from './schema.ts';

/** Steps that are being worked on, the longest first. Found by their runs: those that are open are few. */
export async function listRunningSteps(db: Executor, limit: number) {
  return db
    .select({
      id: step.id,
      runId: step.runId,
      projectId: run.projectId,
      name: step.name,
      tool: step.tool,
      attempt: step.attempt,
      startedAt: step.startedAt,
    })
    .from(step)
    .innerJoin(run, eq(run.id, step.runId))
    .where(and(isNull(run.endedAt), eq(step.status, 'running')))
    .orderBy(asc(step.startedAt), asc(step.id))
    .limit(limit);
}

/** Lanes in which runs stand in line for their turn, the longest line first. */
export async function listLines(db: Executor, limit: number) {
  const inLine = sql<number>`(count(*) filter (where ${run.turnAt} is null))::int`;
  return db
    .select({
      lane: run.lane,
      projectId: run.projectId,
      inLine,
      /** the run whose turn it is; null between two turns */
      atWork: sql<string | null>`max(${run.id}) filter (where ${run.turnAt} is not null)`,
      oldest: sql<Date>`min(${run.createdAt}) filter (where ${run.turnAt} is null)`.mapWith(run.createdAt),
    })
    .from(run)
    .where(and(isNull(run.endedAt), ne(run.status, 'waiting')))
    .groupBy(run.lane, run.projectId)
    .having(sql`${inLine} > 0`)
    .orderBy(desc(inLine), asc(run.lane))
    .limit(limit);
}
