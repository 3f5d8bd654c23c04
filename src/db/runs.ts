import { eq, sql } from 'drizzle-orm';
import type { Cost, Usage } from '../domain/pricing.ts';
import type { Failure, RunStatus } from '../domain/run.ts';
import type { Executor } from './client.ts';
import { run } from './schema.ts';

export type Run = typeof run.$inferSelect;
export type NewRun = typeof run.$inferInsert;

/** Stores a run. Null when its trigger has opened one already. */
export async function insertRun(tx: Executor, row: NewRun): Promise<Run | null> {
  const [inserted] = await tx.insert(run).values(row).onConflictDoNothing({ target: run.triggerKey }).returning();
  return inserted ?? null;
}

export async function getRun(db: Executor, id: string): Promise<Run | null> {
  const [row] = await db.select().from(run).where(eq(run.id, id));
  return row ?? null;
}

export async function findRunByTrigger(db: Executor, triggerKey: string): Promise<Run | null> {
  const [row] = await db.select().from(run).where(eq(run.triggerKey, triggerKey));
  return row ?? null;
}

/**
 * Locks a run until the transaction ends. Two steps that finish at the same time must not each see
 * the other as unfinished, or nobody starts what waits for both.
 */
export async function lockRun(tx: Executor, id: string): Promise<Run | null> {
  const [row] = await tx.select().from(run).where(eq(run.id, id)).for('update');
  return row ?? null;
}

/** Marks a run as under way; does nothing when it is already. True when it did. */
export async function startRun(tx: Executor, id: string): Promise<boolean> {
  const started = await tx
    .update(run)
    .set({ status: 'running', startedAt: sql`now()` })
    .where(sql`${run.id} = ${id} and ${run.status} = 'queued'`)
    .returning({ id: run.id });
  return started.length > 0;
}

/** Ends a run, once: a run that has ended is left as it is. True when it did. */
export async function endRun(tx: Executor, id: string, status: RunStatus, failure: Failure | null): Promise<boolean> {
  const ended = await tx
    .update(run)
    .set({ status, failure, endedAt: sql`now()` })
    .where(sql`${run.id} = ${id} and ${run.endedAt} is null`)
    .returning({ id: run.id });
  return ended.length > 0;
}

/** What the run has spent so far, and the pull request it came to. */
export async function recordOnRun(
  tx: Executor,
  id: string,
  facts: { usage?: Usage; cost?: Cost; pullRequest?: { number: number; url: string } },
): Promise<void> {
  if (Object.keys(facts).length > 0) await tx.update(run).set(facts).where(eq(run.id, id));
}
