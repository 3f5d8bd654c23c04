import type { SQL } from 'drizzle-orm';
import type { Executor } from '../db/client.ts';

/** The jobs of NOFX. The step graph itself lives in `nofx.step`: pg-boss only leases, retries and wakes. */
export type Jobs = {
  /** an accepted webhook to act on */
  delivery: { guid: string };
  /** a step that is ready */
  step: { runId: string; stepId: string };
  /** a run whose comment and checks are to be brought up to date; one queued at a time per run */
  progress: { runId: string };
  /** a run event to tell an endpoint of */
  outbound: { messageId: string; endpointId: string };
  /** a job that failed too often: its queue's data, to close what it left open; `reason` where we gave it up ourselves */
  dead: Partial<Jobs['delivery'] & Jobs['step'] & Jobs['outbound'] & { reason: string }>;
};
export type QueueName = keyof Jobs;

export type JobOptions = {
  startAfterSeconds?: number;
  singletonKey?: string;
  /** higher goes first; 0 unless told */
  priority?: number | undefined;
  /** With a singleton key: where such a job waits for its time already, that one becomes due now. */
  bringForward?: boolean;
  /** jobs of one group take turns where the queue says so, or who works on them (runs/turns.ts) */
  group?: string | undefined;
};

/** A claimed job. `retry` and `id` together are the lease. */
export type ClaimedJob<N extends QueueName> = {
  id: string;
  retry: number;
  /** as it was enqueued with */
  priority?: number;
  group?: string | undefined;
  data: Jobs[N];
  /** aborted when the lease is lost or the process stops */
  signal: AbortSignal;
};

/** A job that failed too often, as it lies in the queue `dead`. */
export type DeadLetter = {
  id: string;
  data: Jobs['dead'];
  /** what it was a job of; null where that is not known */
  from: 'delivery' | 'step' | null;
  /** when it was given up */
  diedAt: Date;
  /** what it left open has been closed */
  closed: boolean;
  /** the last error, in its own words */
  reason: string;
};

/** Which claim of a job is meant. */
export type Lease = Pick<ClaimedJob<QueueName>, 'id' | 'retry'>;

export type Queue = {
  /**
   * Adds a job as part of `tx`. A transaction is required: on its own a job can outlive what it is about.
   * False where one of its singleton key waits already.
   */
  enqueue<N extends QueueName>(tx: Executor, name: N, data: Jobs[N], options?: JobOptions): Promise<boolean>;
  /** Makes the waiting job of a step due now, before those of lower priority. Nothing where a worker has it already. */
  hasten(tx: Executor, stepId: string, priority: number): Promise<void>;
  /** Marks a claimed job as done as part of `tx`, so that its work and its end are one. */
  complete(tx: Executor, name: QueueName, job: Lease): Promise<void>;
  /**
   * How a claimed job goes on as the one for `data`, under the lease it has: no job to make, to wake a worker for and to
   * fetch. `free` is a condition: no job of at least `priority` waits, which would go first. `take` is the statement,
   * up to its conditions, which changes nothing where the lease is gone. Null where this process is stopping.
   */
  passOn<N extends QueueName>(name: N, job: Lease, data: Jobs[N], priority: number): { free: SQL; take: SQL } | null;
  /** A condition: a job of that singleton key waits for a worker. It may have one by the time the statement is over. */
  isWaiting(name: 'progress', singletonKey: string): SQL;
  /**
   * Starts `concurrency` workers; where the queue's take batches (queues.ts) as many as are needed, up to that. A handler
   * that throws has its job retried, later, with backoff.
   */
  work<N extends QueueName>(name: N, concurrency: number, handle: (job: ClaimedJob<N>) => Promise<void>): Promise<void>;
  /** Jobs waiting or running, over all queues; for tests and drains. */
  pending(): Promise<number>;
  /**
   * Gives every job that is active to the next worker at once, or to the dead letters when it has had
   * its retries. Only where no other process is alive: then whoever had them is gone.
   */
  reclaim(): Promise<number>;
  /** Seconds the oldest job that could run has waited; 0 when none waits. */
  oldestAge(name: QueueName): Promise<number>;
  /** The dead letters, newest last, at most `limit`. */
  listDead(limit: number): Promise<DeadLetter[]>;
  /** One dead letter; null when there is none of that id. */
  findDead(id: string): Promise<DeadLetter | null>;
  /** Takes a dead letter away as part of `tx`, once something else stands for it. */
  removeDead(tx: Executor, id: string): Promise<void>;
  /** Stops fetching, lets running jobs finish for up to `graceMs`, then has the rest handed back. Jobs can still be enqueued. */
  drain(graceMs: number): Promise<void>;
  /** Drains, and ends. */
  stop(graceMs: number): Promise<void>;
};

/** Why a job's signal was aborted: this process is stopping, and the job should be handed back. */
export class Stopping extends Error {
  override readonly name = 'Stopping';
}
