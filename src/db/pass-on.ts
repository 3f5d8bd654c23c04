import { sql, type SQL } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { appending, noted, whatWasAppended, type Appended, type NewEvent, type NewMessage } from './events.ts';
import type { Run } from './runs.ts';
import { endpoint, run, step } from './schema.ts';
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

/**
 * Ends a step, claims the next one and appends the events of both, in one statement, if nothing has happened to the run
 * since `run.lastSeq` was read: whatever happens to a run is an event, so what was decided then holds now. Null, and
 * nothing is written, where something did, where the fence or the lease is lost, or where the queue is not free.
 * `also` is what is to be one with it.
 */
export async function passOn(
  db: Executor,
  what: PassOn,
  also: (tx: Executor, passed: PassedOn) => Promise<void>,
): Promise<PassedOn | null> {
  return unlessHalf(() =>
    db.transaction(async (tx) => {
      const passed = await execute(tx, what, sql`true`);
      if (passed) await also(tx, passed);
      return passed;
    }),
  );
}

/**
 * The same where nothing else is to be one with it: without the two round trips that a transaction takes. Null also where
 * `condition` does not hold, and where an endpoint listens, whose messages need jobs.
 */
export async function passOnAlone(db: Executor, what: PassOn, condition: SQL): Promise<PassedOn | null> {
  return unlessHalf(() => execute(db, what, sql`${condition} and not exists (select from ${endpoint} where enabled)`));
}

async function execute(
  db: Executor,
  { run: seen, ends, next, job, events }: PassOn,
  condition: SQL,
): Promise<PassedOn | null> {
  const { rows } = await db.execute<Appended & Row>(sql`
    with numbered as (
      update ${run} set last_seq = last_seq + ${events.length}
      -- Not "ended_at is null": Postgres would look for the one run in an index of all that are open.
      where id = ${seen.id} and last_seq = ${seen.lastSeq} and status = 'running' and cancel_requested_at is null
        and ${job.free} and ${condition}
      returning last_seq - ${events.length} as base, project_id, usage, cost, pull_request
    ), taken as (
      ${job.take} and exists (select from numbered) returning 1
    ), ended as (
      update ${step} set status = ${ends.status}, outputs = ${sql.param(ends.outputs, step.outputs)}::jsonb, failure = null, ended_at = now()
      where id = ${ends.id} and attempt = ${ends.attempt} and status = 'running' and exists (select from numbered)
      returning 1
    ), claimed as (
      update ${step} set status = 'running', attempt = attempt + 1, lease_job = ${job.id}, lease_retry = ${job.retry}, started_at = coalesce(started_at, now())
      where id = ${next} and status = 'pending' and exists (select from numbered)
      returning started_at
    ), ${appending(seen.id, events)}
    select ${whatWasAppended},
      -- Fails, and takes the statement back, where half of what is to be one could not be done.
      1 / ((select count(*) from taken) + (select count(*) from ended) + (select count(*) from claimed) = 3)::int as whole,
      (select extract(epoch from started_at) * 1000 from claimed)::float8 as began,
      usage, cost, pull_request as "pullRequest"
    from numbered`);
  const [row] = rows;
  if (!row) return null;
  const { usage, cost, pullRequest } = row;
  return {
    startedAt: new Date(row.began),
    run: { usage, cost, pullRequest, lastSeq: seen.lastSeq + events.length },
    messages: noted(db, seen.id, events, row),
  };
}

const DIVISION_BY_ZERO = '22012';

async function unlessHalf<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as { code?: unknown };
    if (code === DIVISION_BY_ZERO) return null;
    throw error;
  }
}

type Row = { began: number } & Pick<Run, 'usage' | 'cost' | 'pullRequest'>;
