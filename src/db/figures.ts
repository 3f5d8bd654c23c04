import { and, eq, sql } from 'drizzle-orm';
import type { Figures } from '../domain/estimate.ts';
import type { Executor } from './client.ts';
import { run, step } from './schema.ts';

/** What the newest runs of a project that succeeded have cost and taken, planning and waiting for people left out. */
export async function recentFigures(db: Executor, projectId: string, limit = 20): Promise<Figures[]> {
  const recent = db
    .select({ id: run.id })
    .from(run)
    .where(and(eq(run.projectId, projectId), eq(run.status, 'succeeded')))
    .orderBy(sql`${run.endedAt} desc nulls last`)
    .limit(limit)
    .as('recent');
  return db
    .select({
      usd: sql<number>`coalesce(sum((${step.cost}->>'cappedUsd')::float8), 0)`,
      ms: sql<number>`coalesce(sum(1000 * extract(epoch from ${step.endedAt} - ${step.startedAt})), 0)::float8`,
      // What was mended belongs to the piece that needed it.
      pieces: sql<number>`(count(*) filter (where ${step.tool} = 'codegen' and ${step.name} not like 'repair-%'))::int`,
    })
    .from(step)
    .innerJoin(recent, eq(recent.id, step.runId))
    .where(sql`${step.tool} <> 'plan' and ${step.tool} not like 'manual:%'`)
    .groupBy(step.runId);
}
