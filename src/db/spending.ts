import { and, eq, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { run } from './schema.ts';

export type Spending = {
  /** null where a model without a known price was used */
  usd: number | null;
  /** what counts against a limit: `usd`, or the dearest known price where that is null */
  cappedUsd: number;
  runs: number;
};

/** What the runs of a project that were opened today (UTC, by the database's clock) have cost so far. */
export async function spentToday(db: Executor, projectId: string): Promise<Spending> {
  const [row] = await db
    .select({
      usd: sql<number>`coalesce(sum((${run.cost}->>'usd')::float8), 0)`,
      unknown: sql<boolean>`coalesce(bool_or(${run.cost} is not null and ${run.cost}->>'usd' is null), false)`,
      cappedUsd: sql<number>`coalesce(sum((${run.cost}->>'cappedUsd')::float8), 0)`,
      runs: sql<number>`count(*)::int`,
    })
    .from(run)
    .where(and(eq(run.projectId, projectId), sql`${run.createdAt} >= date_trunc('day', now(), 'UTC')`));
  const { usd = 0, unknown = false, cappedUsd = 0, runs = 0 } = row ?? {};
  return { usd: unknown ? null : usd, cappedUsd, runs };
}
