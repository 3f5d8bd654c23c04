import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Executor } from '../db/client.ts';
import { endTurn, takeTurn } from '../db/marks.ts';
import { RetryableError } from '../errors.ts';

/** Something done again and again. Doing it twice at a time, or not to the end, must be harmless. */
export type Task = {
  name: string;
  /** between the end of one turn and the beginning of the next */
  everyMs: number;
  /** a turn is aborted after this, and no other process begins one before */
  limitMs: number;
  /** before the first turn ever; a task of a machine waits so long after each start */
  firstMs: number;
  /** once more when a process starts, however short the last turn is ago */
  atBoot?: boolean;
  /** `deployment`: one process of all does it; `machine`: each for its own disk */
  scope: 'deployment' | 'machine';
  /** `again`: there is more to do than a turn may take */
  run(signal: AbortSignal): Promise<{ again: boolean } & Record<string, unknown>>;
};

/** Until a turn that left work goes on, or that met a fault is tried again. */
const AGAIN_MS = 30_000;
/** The lease outlives the limit by this: what is aborted needs a moment to notice. */
const SLACK_MS = 30_000;
/** Longest sleep: turns that others end early are noticed by then. */
const LONGEST_SLEEP_MS = 10 * 60_000;

/**
 * Runs periodic tasks until `stop`, which waits for none of them. A turn is a row with a lease, on the database's clock, and not a job: a job that
 * enqueues its own successor is a chain that one bad day breaks for good; pg-boss's cron polls twice a minute through a
 * queue of its own, knows no "at boot" and cannot say "on every machine". A row needs no notice, and a turn whose process
 * died is simply due again once its lease is over.
 */
export function startUpkeep(deps: { db: Executor; log: Logger }, tasks: readonly Task[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = tasks.map((task) => loop(deps, task, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function loop(deps: { db: Executor; log: Logger }, task: Task, stopping: AbortSignal): Promise<void> {
  let early = task.atBoot ?? false;
  let waitMs = task.scope === 'machine' ? task.firstMs : 0;
  while (!stopping.aborted) {
    // Processes that started together should not ask together for ever.
    await sleep(Math.min(waitMs * (1 + Math.random() / 20), LONGEST_SLEEP_MS), undefined, {
      signal: stopping,
      ref: false,
    }).catch(() => {});
    if (stopping.aborted) return;
    try {
      waitMs = await takeAndRun(deps, task, { early, stopping });
      early = false;
    } catch (error) {
      if (stopping.aborted) return;
      deps.log.warn({ err: error, task: task.name }, 'upkeep could not take its turn');
      waitMs = AGAIN_MS;
    }
  }
}

/** One turn, if it is ours. Gives the milliseconds until the next. */
async function takeAndRun(
  { db, log }: { db: Executor; log: Logger },
  task: Task,
  { early, stopping }: { early: boolean; stopping: AbortSignal },
): Promise<number> {
  if (task.scope === 'machine') return runTask(log, task, stopping);
  const by = randomUUID();
  const turn = await takeTurn(db, task.name, { by, leaseMs: task.limitMs + SLACK_MS, firstMs: task.firstMs, early });
  if (!turn.mine) return turn.waitMs;
  const nextMs = await runTask(log, task, stopping);
  await endTurn(db, task.name, by, stopping.aborted ? 0 : nextMs);
  return nextMs;
}

/** Runs a task within its limit. A fault of it is logged, and ends in a later turn. */
async function runTask(log: Logger, task: Task, stopping: AbortSignal): Promise<number> {
  const begun = performance.now();
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(task.limitMs)]);
    const done = await unlessAborted(task.run(signal), signal);
    log.debug({ task: task.name, ...done, durationMs: Math.round(performance.now() - begun) }, 'upkeep done');
    return done.again ? Math.min(AGAIN_MS, task.everyMs) : task.everyMs;
  } catch (error) {
    if (!stopping.aborted) log.warn({ err: error, task: task.name }, 'upkeep did not get through; it goes on later');
    const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(AGAIN_MS, task.everyMs));
  }
}

/** Fails as soon as `signal` aborts: what the work waits for then, GitHub's next try say, may take its time, and is nobody's. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
