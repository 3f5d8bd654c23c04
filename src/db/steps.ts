import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Cost, Usage } from '../domain/pricing.ts';
import type { Failure, StepStatus } from '../domain/run.ts';
import type { Executor } from './client.ts';
import { step } from './schema.ts';

export type Step = typeof step.$inferSelect;
export type NewStep = typeof step.$inferInsert;
/** What an attempt that came to nothing is counted as. */
export type Counted = 'failures' | 'retries' | 'waits';

export async function insertSteps(tx: Executor, rows: NewStep[]): Promise<void> {
  await tx.insert(step).values(rows);
}

/** Makes room in a run's order for `count` steps behind the place `position`. */
export async function makeRoom(tx: Executor, runId: string, position: number, count: number): Promise<void> {
  await tx
    .update(step)
    .set({ position: sql`${step.position} + ${count}` })
    .where(and(eq(step.runId, runId), gt(step.position, position)));
}

/** A run's steps in the plan's order. */
export async function listSteps(db: Executor, runId: string): Promise<Step[]> {
  return db.select().from(step).where(eq(step.runId, runId)).orderBy(asc(step.position));
}

export async function getStep(db: Executor, id: string): Promise<Step | null> {
  const [row] = await db.select().from(step).where(eq(step.id, id));
  return row ?? null;
}

/**
 * Claims a step for one worker: raises the fence and gives the step as claimed, or null when it is
 * not to be run (done already, skipped, or claimed by a later delivery of the same job).
 * `lease` is the queue job and its retry count: an earlier retry that wakes up late cannot take the
 * step back from a later one.
 */
export async function claimStep(tx: Executor, id: string, lease: { job: string; retry: number }): Promise<Step | null> {
  const [row] = await tx
    .update(step)
    .set({
      status: 'running',
      attempt: sql`${step.attempt} + 1`,
      leaseJob: lease.job,
      leaseRetry: lease.retry,
      startedAt: sql`coalesce(${step.startedAt}, now())`,
    })
    .where(
      sql`${step.id} = ${id} and ${step.status} in ('queued', 'running')
        and (${step.leaseJob} is distinct from ${lease.job} or ${step.leaseRetry} < ${lease.retry})`,
    )
    .returning();
  return row ?? null;
}

/** Writes a step's end, if `attempt` still holds the fence. False when another worker has it now. */
export async function endStep(
  tx: Executor,
  fence: { id: string; attempt: number },
  end: { status: StepStatus; outputs?: Record<string, unknown>; failure?: Failure | null },
): Promise<boolean> {
  const ended = await tx
    .update(step)
    .set({ status: end.status, outputs: end.outputs ?? null, failure: end.failure ?? null, endedAt: sql`now()` })
    .where(and(eq(step.id, fence.id), eq(step.attempt, fence.attempt), eq(step.status, 'running')))
    .returning({ id: step.id });
  return ended.length > 0;
}

/**
 * Puts a claimed step back for a later attempt, if `attempt` still holds the fence. `counts` says what the attempt is
 * counted as; one that ends because the process stops is none of these.
 */
export async function releaseStep(
  tx: Executor,
  fence: { id: string; attempt: number },
  { counts }: { counts: Counted | null },
): Promise<boolean> {
  const released = await tx
    .update(step)
    .set({ status: 'queued', ...(counts && { [counts]: sql`${step[counts]} + 1` }) })
    .where(and(eq(step.id, fence.id), eq(step.attempt, fence.attempt), eq(step.status, 'running')))
    .returning({ id: step.id });
  return released.length > 0;
}

/** Notes what a step has come to so far, while `attempt` holds the fence. False when another worker has it now. */
export async function noteOutputs(
  tx: Executor,
  fence: { id: string; attempt: number },
  outputs: Record<string, unknown>,
): Promise<boolean> {
  const noted = await tx
    .update(step)
    .set({ outputs })
    .where(and(eq(step.id, fence.id), eq(step.attempt, fence.attempt), eq(step.status, 'running')))
    .returning({ id: step.id });
  return noted.length > 0;
}

/** What a step has spent so far. No fence: what an attempt has spent is spent, whoever holds the step now. */
export async function recordSpending(tx: Executor, id: string, spent: { usage: Usage; cost: Cost }): Promise<void> {
  await tx.update(step).set(spent).where(eq(step.id, id));
}

export async function setStepStatus(tx: Executor, ids: string[], status: 'queued' | 'skipped'): Promise<void> {
  if (ids.length === 0) return;
  const endedAt = status === 'skipped' ? sql`now()` : null;
  await tx.update(step).set({ status, endedAt, waitUntil: null }).where(inArray(step.id, ids));
}

/** Lets steps wait for a person, for so many days. */
export async function letWait(tx: Executor, ids: string[], days: number): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(step)
    .set({ status: 'waiting', startedAt: sql`now()`, waitUntil: sql`now() + ${days}::float8 * interval '1 day'` })
    .where(inArray(step.id, ids));
}

/** Ends a step that waits for a person. False when it does not, or no more. */
export async function endWait(
  tx: Executor,
  id: string,
  end: { status: 'succeeded' | 'cancelled'; outputs: Record<string, unknown>; failure?: Failure },
): Promise<boolean> {
  const ended = await tx
    .update(step)
    .set({ ...end, waitUntil: null, endedAt: sql`now()` })
    .where(and(eq(step.id, id), eq(step.status, 'waiting')))
    .returning({ id: step.id });
  return ended.length > 0;
}

/** Steps that waited for a person for longer than they may. */
export async function listExpiredWaits(db: Executor, limit: number): Promise<{ runId: string; stepId: string }[]> {
  return db
    .select({ runId: step.runId, stepId: step.id })
    .from(step)
    .where(and(eq(step.status, 'waiting'), sql`${step.waitUntil} < now()`))
    .orderBy(asc(step.waitUntil))
    .limit(limit);
}

/** True while `attempt` holds the fence. Asked before an effect on the outside world. */
export async function holdsFence(db: Executor, fence: { id: string; attempt: number }): Promise<boolean> {
  const [row] = await db
    .select({ id: step.id })
    .from(step)
    .where(and(eq(step.id, fence.id), eq(step.attempt, fence.attempt), eq(step.status, 'running')));
  return row !== undefined;
}

/** Ends what is running in a run as failed; where nothing is, the first step that is still to come. */
export async function failOpenSteps(tx: Executor, runId: string, failure: Failure): Promise<Step[]> {
  const open = (await listSteps(tx, runId)).filter(({ status }) =>
    ['pending', 'queued', 'running', 'waiting'].includes(status),
  );
  const running = open.filter(({ status }) => status === 'running');
  const ids = (running.length > 0 ? running : open.slice(0, 1)).map(({ id }) => id);
  if (ids.length === 0) return [];
  return tx
    .update(step)
    .set({ status: 'failed', failure, endedAt: sql`now()`, waitUntil: null })
    .where(inArray(step.id, ids))
    .returning();
}
