import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { event, run } from './schema.ts';

export type EventRow = typeof event.$inferSelect;
export type NewEvent = { type: EventType; stepId?: string; payload?: Record<string, unknown> };

export type EventType =
  | 'run.created'
  | 'run.waiting'
  | 'run.cancel_requested'
  | 'run.started'
  | 'run.succeeded'
  | 'run.neutral'
  | 'run.failed'
  | 'run.cancelled'
  | 'step.enqueued'
  | 'step.started'
  | 'step.finished'
  | 'step.failed'
  | 'step.retried'
  | 'step.returned'
  | 'step.skipped'
  | 'queue.backpressure';

/**
 * Appends events to a run's trail. The update takes the run row's lock, so the numbers have no gaps
 * and no doubles however many workers write; a rolled-back transaction gives its numbers back.
 */
export async function appendEvents(tx: Executor, runId: string, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const [row] = await tx
    .update(run)
    .set({ lastSeq: sql`${run.lastSeq} + ${events.length}` })
    .where(eq(run.id, runId))
    .returning({ lastSeq: run.lastSeq });
  const first = row!.lastSeq - events.length + 1;
  await tx.insert(event).values(
    events.map((entry, index) => ({
      runId,
      seq: first + index,
      stepId: entry.stepId ?? null,
      type: entry.type,
      payload: entry.payload ?? {},
    })),
  );
}

/** A run's events in order, from after `since`. */
export async function listEvents(db: Executor, runId: string, since = 0): Promise<EventRow[]> {
  return db
    .select()
    .from(event)
    .where(and(eq(event.runId, runId), gt(event.seq, since)))
    .orderBy(asc(event.seq));
}
