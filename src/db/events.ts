import { and, asc, eq, gt, sql, type SQL } from 'drizzle-orm';
import type { EventType } from '../domain/run-events.ts';
import { storableJson } from '../domain/storable.ts';
import { InternalError } from '../errors.ts';
import type { Executor } from './client.ts';
import { noteAppended } from './committed.ts';
import { endpoint, event, message, run } from './schema.ts';

export type EventRow = typeof event.$inferSelect;
export type NewEvent = { type: EventType; stepId?: string; payload?: Record<string, unknown> };

/** A message that is to go to an endpoint. */
export type NewMessage = { id: string; endpointId: string };

/**
 * Appends events to a run's trail, and a message for each endpoint that wants to know. The update takes the run row's
 * lock, so the numbers have no gaps and no doubles however many workers write; a rolled-back transaction gives its
 * numbers back. One statement: where nobody listens, the messages cost a look at an empty table and no round trip.
 *
 * `change` is what the events say became of the run itself (`becomes`).
 *
 * Gives the messages. Each needs a job in the same transaction, which is what `publish` (outbox/) adds: call that
 * instead.
 */
export async function appendEvents(
  tx: Executor,
  runId: string,
  events: NewEvent[],
  change?: SQL,
): Promise<NewMessage[]> {
  if (events.length === 0) return [];
  const { rows } = await tx.execute<Appended>(sql`
    with numbered as (
      update ${run} set last_seq = last_seq + ${events.length}${change && sql`, ${change}`} where id = ${runId}
      returning last_seq - ${events.length} as base, project_id
    ), ${appending(runId, events)}
    select ${whatWasAppended}`);
  return noted(tx, runId, events, rows[0]);
}

/** What a statement with `whatWasAppended` gives. */
export type Appended = { appended: number; messages: NewMessage[] };

/** The columns `appended` and `messages`, for a statement with the parts of `appending`. */
export const whatWasAppended = sql`(select count(*)::int from appended) as appended, (select coalesce(json_agg(told), '[]') from told) as messages`;

/** The parts `appended` and `told` of a statement, behind one `numbered` that has made room for the events: (base, project_id). */
export function appending(runId: string, events: NewEvent[]): SQL {
  const entries = events.map(({ type, stepId, payload }, position) => ({
    position,
    type,
    stepId,
    payload: payload ?? {},
  }));
  return sql`appended as (
      insert into ${event} (run_id, seq, step_id, type, payload)
      select ${runId}, numbered.base + entry.position + 1, entry."stepId", entry.type, entry.payload
      from numbered, jsonb_to_recordset(${storableJson(entries)}::jsonb) as entry(position int, type text, "stepId" text, payload jsonb)
      order by entry.position
      returning seq, type
    ), told as (
      insert into ${message} (id, endpoint_id, run_id, seq, status)
      select 'msg_' || replace(gen_random_uuid()::text, '-', ''), wants.id, ${runId}, appended.seq, 'pending'
      from appended, numbered, ${endpoint} as wants
      where wants.enabled
        and (wants.project_id is null or wants.project_id = numbered.project_id)
        and (wants.types is null or jsonb_exists(wants.types, appended.type))
      order by appended.seq
      returning id, endpoint_id as "endpointId"
    )`;
}

/** Notes appended events for whoever listens once they are committed, and gives their messages. */
export function noted(tx: Executor, runId: string, events: NewEvent[], row: Appended | undefined): NewMessage[] {
  if (row?.appended !== events.length) throw new InternalError(`There is no run ${runId} to tell of.`);
  noteAppended(tx, runId, events);
  return row.messages;
}

/** A run's events in order, from after `since`. */
export async function listEvents(db: Executor, runId: string, since = 0): Promise<EventRow[]> {
  return db
    .select()
    .from(event)
    .where(and(eq(event.runId, runId), gt(event.seq, since)))
    .orderBy(asc(event.seq));
}

/** The trace context a run was asked for in, as its first event keeps it; undefined where nobody traced. */
export async function findRunTrace(db: Executor, runId: string): Promise<Record<string, string> | undefined> {
  const [first] = await db
    .select({ payload: event.payload })
    .from(event)
    .where(and(eq(event.runId, runId), eq(event.seq, 1)));
  return first?.payload['trace'] as Record<string, string> | undefined;
}
