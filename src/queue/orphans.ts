import { sql } from 'drizzle-orm';
import type { Executor } from '../db/client.ts';

/**
 * What waits for a job that does not exist any more: somebody deleted it, or a backup was put back. Each is one
 * statement, so that job and row are seen at the same moment: within it a queued or running step always has its job,
 * or a dead letter that will close it.
 */

const LIVE = sql`('created', 'retry', 'active')`;

/** Steps of open runs that are queued or running without a job; of one run only when told which. */
export async function orphanedSteps(
  db: Executor,
  { runId, limit = 100 }: { runId?: string; limit?: number } = {},
): Promise<{ runId: string; stepId: string }[]> {
  const result = await db.execute(sql`
    select s.run_id as "runId", s.id as "stepId" from nofx.run r join nofx.step s on s.run_id = r.id
    where r.ended_at is null and s.status in ('queued', 'running') ${runId ? sql`and r.id = ${runId}` : sql``}
      and not exists (
        select 1 from pgboss.job j where j.name in ('step', 'dead') and j.state in ${LIVE} and j.data ->> 'stepId' = s.id
      )
    limit ${limit}`);
  return result.rows as { runId: string; stepId: string }[];
}

/** Stored deliveries that were never worked on and have no job. */
export async function orphanedDeliveries(db: Executor, limit = 100): Promise<string[]> {
  const result = await db.execute(sql`
    select d.guid from nofx.delivery d
    where d.processed_at is null
      and not exists (
        select 1 from pgboss.job j where j.name in ('delivery', 'dead') and j.state in ${LIVE} and j.data ->> 'guid' = d.guid
      )
    order by d.received_at
    limit ${limit}`);
  return (result.rows as { guid: string }[]).map(({ guid }) => guid);
}
