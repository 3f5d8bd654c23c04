import { and, asc, eq, inArray, isNull, lt, notExists, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { alias } from 'drizzle-orm/pg-core';
import { artifact, delivery, message, run, step } from './schema.ts';

const daysAgo = (days: number) => sql`now() - ${days}::float8 * interval '1 day'`;

/**
 * Runs that ended more than `days` ago, oldest first; by the index of ended runs. One that has not ended is never among them,
 * nor one with a message that is still on its way: an endpoint that is away for days was promised that too.
 * `skip` leaves out those that are needed, or could not be removed.
 */
export function listExpiredRuns(db: Executor, { days, limit, skip }: { days: number; limit: number; skip: string[] }) {
  const kept =
    skip.length > 0
      ? sql`${run.id} <> all(array[${sql.join(
          skip.map((id) => sql`${id}`),
          sql`, `,
        )}]::text[])`
      : undefined;
  const onItsWay = db
    .select({ one: sql`1` })
    .from(message)
    .where(and(eq(message.runId, run.id), eq(message.status, 'pending')));
  return db
    .select({ id: run.id })
    .from(run)
    .where(and(lt(run.endedAt, daysAgo(days)), notExists(onItsWay), kept))
    .orderBy(asc(run.endedAt))
    .limit(limit);
}

/** Runs whose work one that is not over is about to take over (`reuse`), however long they are over themselves. */
export async function listRunsInUse(db: Executor): Promise<string[]> {
  const taken = alias(step, 'taken');
  const rows = await db
    .selectDistinct({ id: taken.runId })
    .from(run)
    .innerJoin(step, and(eq(step.runId, run.id), eq(step.tool, 'reuse'), isNull(step.endedAt)))
    .innerJoin(taken, eq(taken.id, sql`${step.inputs} ->> 'stepId'`))
    .where(isNull(run.endedAt));
  return rows.map(({ id }) => id);
}

/** Removes a run that is over, with its steps, events, effects, artifact rows and messages. False when it is not over. */
export async function deleteRun(db: Executor, id: string): Promise<boolean> {
  const gone = await db
    .delete(run)
    .where(and(eq(run.id, id), sql`${run.endedAt} is not null`))
    .returning({ id: run.id });
  return gone.length > 0;
}

export async function deleteArtifact(db: Executor, id: string): Promise<void> {
  await db.delete(artifact).where(eq(artifact.id, id));
}

/** Removes worked-on deliveries that came more than `days` ago, at most `limit`, oldest first. Gives how many. */
export async function deleteDeliveries(
  db: Executor,
  { days, limit }: { days: number; limit: number },
): Promise<number> {
  const gone = await db
    .delete(delivery)
    .where(inArray(delivery.guid, expiredDeliveries(db, { days, limit })))
    .returning({ guid: delivery.guid });
  return gone.length;
}

/** What `deleteDeliveries` would remove. */
export function expiredDeliveries(db: Executor, { days, limit }: { days: number; limit: number }) {
  return db
    .select({ guid: delivery.guid })
    .from(delivery)
    .where(and(sql`${delivery.processedAt} is not null`, lt(delivery.receivedAt, daysAgo(days))))
    .orderBy(asc(delivery.receivedAt))
    .limit(limit);
}
