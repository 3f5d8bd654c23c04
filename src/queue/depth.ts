import { sql } from 'drizzle-orm';
import type { Executor } from '../db/client.ts';

export type QueueDepth = {
  queue: string;
  /** could run now */
  waiting: number;
  /** put off until later: a retry's backoff, a rate limit */
  deferred: number;
  active: number;
  /** how long the oldest that could run has waited, in seconds; 0 when none waits */
  oldestSeconds: number;
};

/**
 * What is in the queues now, also in those that are empty. Read from pg-boss's index of live jobs alone
 * (job_common_i14), so the cost grows with what waits and not with what is done.
 */
export async function queueDepths(db: Executor): Promise<QueueDepth[]> {
  const { rows } = await db.execute(sql`
    select queue.name as queue,
      count(*) filter (where job.state < 'active' and job.start_after <= now())::int as waiting,
      count(*) filter (where job.state < 'active' and job.start_after > now())::int as deferred,
      count(*) filter (where job.state = 'active')::int as active,
      coalesce(extract(epoch from now() - min(job.start_after) filter (where job.state < 'active' and job.start_after <= now())), 0)::float8 as "oldestSeconds"
    from pgboss.queue
    left join pgboss.job on job.name = queue.name and job.state in ('created', 'retry', 'active')
    group by queue.name order by queue.name`);
  return rows as QueueDepth[];
}
