import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import { STATUS_AFTER } from '../domain/run-events.ts';
import type { Executor } from './client.ts';
import { endpoint, event, message, messageAttempt, project, run, step } from './schema.ts';

export type Message = typeof message.$inferSelect;
export type MessageAttempt = typeof messageAttempt.$inferSelect;

/** A message with all that is needed to send it. Null when it is gone, with its run or its endpoint. */
export async function findMessage(db: Executor, id: string) {
  const [row] = await db
    .select({
      message,
      endpoint: { id: endpoint.id, url: endpoint.url, secret: endpoint.secret, enabled: endpoint.enabled },
      event: { type: event.type, payload: event.payload, at: event.createdAt },
      project: { id: project.id, name: project.name },
      step: { id: step.id, name: step.name, tool: step.tool },
      /** the last event, up to this one, that changed the run's status: a message tells of a moment, not of now */
      statusEvent: sql<string>`(select past.type from ${event} as past where past.run_id = ${message.runId} and past.seq <= ${message.seq}
        and past.type in ${Object.keys(STATUS_AFTER)} order by past.seq desc limit 1)`,
    })
    .from(message)
    .innerJoin(endpoint, eq(endpoint.id, message.endpointId))
    .innerJoin(run, eq(run.id, message.runId))
    .innerJoin(project, eq(project.id, run.projectId))
    .innerJoin(event, and(eq(event.runId, message.runId), eq(event.seq, message.seq)))
    .leftJoin(step, eq(step.id, event.stepId))
    .where(eq(message.id, id));
  return row ?? null;
}

export async function getMessage(db: Executor, id: string): Promise<Message | null> {
  const [row] = await db.select().from(message).where(eq(message.id, id));
  return row ?? null;
}

/** Adds a line to the delivery log. */
export async function insertAttempt(
  tx: Executor,
  row: { messageId: string; status: number | null; durationMs: number; error: string | null },
): Promise<void> {
  await tx.insert(messageAttempt).values(row);
}

/**
 * Counts an attempt that failed, if no other worker has counted since `seen` were. False: that worker goes on
 * with the message.
 */
export async function countAttempt(tx: Executor, id: string, seen: number): Promise<boolean> {
  const counted = await tx
    .update(message)
    .set({ attempts: seen + 1 })
    .where(and(eq(message.id, id), eq(message.status, 'pending'), eq(message.attempts, seen)))
    .returning({ id: message.id });
  return counted.length > 0;
}

/** Ends a message that is still on its way. False when it had ended. */
export async function endMessage(
  tx: Executor,
  id: string,
  status: 'delivered' | 'failed',
  counted: 0 | 1,
): Promise<boolean> {
  const ended = await tx
    .update(message)
    .set({ status, attempts: sql`${message.attempts} + ${counted}`, endedAt: sql`now()` })
    .where(and(eq(message.id, id), eq(message.status, 'pending')))
    .returning({ id: message.id });
  return ended.length > 0;
}

/** Puts a message that has ended back on its way, with all its attempts before it. False when it is on its way already. */
export async function reopenMessage(tx: Executor, id: string): Promise<boolean> {
  const reopened = await tx
    .update(message)
    .set({ status: 'pending', attempts: 0, endedAt: null })
    .where(and(eq(message.id, id), sql`${message.status} <> 'pending'`))
    .returning({ id: message.id });
  return reopened.length > 0;
}

/** An endpoint's messages with the type of the event each tells of, newest first; those after message `after` where given. */
export async function listMessages(
  db: Executor,
  endpointId: string,
  { after, limit = 50 }: { after?: string | undefined; limit?: number } = {},
): Promise<(Message & { type: string })[]> {
  const place = sql`(${message.createdAt}, ${message.seq}, ${message.id})`;
  const rows = await db
    .select({ message, type: event.type })
    .from(message)
    .innerJoin(event, and(eq(event.runId, message.runId), eq(event.seq, message.seq)))
    .where(
      and(
        eq(message.endpointId, endpointId),
        after
          ? sql`${place} < (select last.created_at, last.seq, last.id from ${message} as last where last.id = ${after})`
          : undefined,
      ),
    )
    .orderBy(desc(message.createdAt), desc(message.seq), desc(message.id))
    .limit(limit);
  return rows.map((row) => ({ ...row.message, type: row.type }));
}

/** The delivery logs of some messages, oldest first. */
export async function listAttempts(db: Executor, messageIds: readonly string[]): Promise<MessageAttempt[]> {
  return db
    .select()
    .from(messageAttempt)
    .where(inArray(messageAttempt.messageId, [...messageIds]))
    .orderBy(asc(messageAttempt.at), asc(messageAttempt.id));
}
