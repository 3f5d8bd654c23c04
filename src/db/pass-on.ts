import { sql, type SQL } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { appending, noted, whatWasAppended, type Appended, type NewEvent, type NewMessage } from './events.ts';
import type { Run } from './runs.ts';
import { run, step } from './schema.ts';
import type { Step } from './steps.ts';

/** A worker that ends the step it holds and goes on with another of the same run, under the same job. */
export type PassOn = {
  run: Pick<Run, 'id' | 'lastSeq'>;
  ends: { id: string; attempt: number; status: Step['status']; outputs: Record<string, unknown> };
  /** the id of the step to go on with */
  next: string;
  /** `free`: nothing else goes first in the queue; `take`: makes the job, where it is still ours, that of the next step */
  job: { id: string; retry: number; free: SQL; take: SQL };
  events: NewEvent[];
};

export type PassedOn = {
  /** when the next step was begun */
  startedAt: Date;
  /** what may have changed of a run without an event */
  run: Pick<Run, 'usage' | 'cost' | 'pullRequest' | 'lastSeq'>;
  messages: NewMessage[];
};

/** Why a transaction is to be rolled back: half of what was to be one could not be done. */
class HalfPassed extends Error {
  override readonly name = 'HalfPassed';
}

/**
 * Ends a step, claims the next one and appends the events of both, in one statement, if nothing has happened to the run
 * since `run.lastSeq` was read: whatever happens to a run is an event, so what was decided then holds now. Null, and
 * nothing is written, where something did, where the fence or the lease is lost, or where the queue is not free.
 * `also` is what is to be one with it.
 */
export async function passOn(
  db: Executor,
  { run: seen, ends, next, job, events }: PassOn,
  also: (tx: Executor, passed: PassedOn) => Promise<void>,
): Promise<PassedOn | null> {
  const statement = sql`
    with numbered as (
      update ${run} set last_seq = last_seq + ${events.length}
      where id = ${seen.id} and last_seq = ${seen.lastSeq} and ended_at is null and cancel_requested_at is null
        and ${job.free}
      returning last_seq - ${events.length} as base, project_id, usage, cost, pull_request
    ), taken as (
      ${job.take} and exists (select from numbered) returning 1
    ), ended as (
      update ${step} set status = ${ends.status}, outputs = ${JSON.stringify(ends.outputs)}::jsonb, failure = null, ended_at = now()
      where id = ${ends.id} and attempt = ${ends.attempt} and status = 'running' and exists (select from numbered)
      returning 1
    ), claimed as (
      update ${step} set status = 'running', attempt = attempt + 1, lease_job = ${job.id}, lease_retry = ${job.retry}, started_at = coalesce(started_at, now())
      where id = ${next} and status = 'pending' and exists (select from numbered)
      returning started_at
    ), ${appending(seen.id, events)}
    select ${whatWasAppended},
      (select count(*) from taken) + (select count(*) from ended) + (select count(*) from claimed) = 3 as whole,
      (select extract(epoch from started_at) * 1000 from claimed)::float8 as began,
      usage, cost, pull_request as "pullRequest"
    from numbered`;
  try {
    return await db.transaction(async (tx) => {
      const { rows } = await tx.execute<Appended & Row>(statement);
      const [row] = rows;
      if (!row) return null;
      if (!row.whole) throw new HalfPassed();
      const { usage, cost, pullRequest } = row;
      const passed = {
        startedAt: new Date(row.began),
        run: { usage, cost, pullRequest, lastSeq: seen.lastSeq + events.length },
        messages: noted(tx, seen.id, events, row),
      };
      await also(tx, passed);
      return passed;
    });
  } catch (error) {
    if (error instanceof HalfPassed) return null;
    throw error;
  }
}

type Row = { whole: boolean; began: number } & Pick<Run, 'usage' | 'cost' | 'pullRequest'>;
