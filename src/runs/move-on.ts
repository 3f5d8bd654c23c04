import type { NewEvent } from '../db/events.ts';
import { endRun, listLane, lockLane, lockRun, type Run } from '../db/runs.ts';
import { listSteps, setStepStatus, type Step } from '../db/steps.ts';
import { decideNext, isTerminal, isTolerated, type RunStatus } from '../domain/run.ts';
import type { Executor } from '../db/client.ts';
import { publish } from '../outbox/publish.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';

type Needs = Pick<Deps, 'queue' | 'progressEveryMs'>;

export type MoveOptions = {
  startAfterSeconds?: number;
  /** what happened before it, for the same entry in the trail */
  events?: NewEvent[];
};

/**
 * Does what follows from the state of a run's steps: starts what became ready, skips what never will
 * start, and ends the run when nothing is left to do: then true. The caller holds the run's lock.
 */
export async function moveOn(tx: Executor, deps: Needs, run: Run, options: MoveOptions = {}): Promise<boolean> {
  const { startAfterSeconds = 0, events = [] } = options;
  const steps = await listSteps(tx, run.id);
  const moves = decideNext(steps, {
    cancelRequested: run.cancelRequestedAt !== null,
    tolerated: (step) => isTolerated(step, run.config),
  });
  const byId = new Map(steps.map((step) => [step.id, step]));
  await setStepStatus(tx, moves.enqueue, 'queued');
  await setStepStatus(tx, moves.skip, 'skipped');
  for (const stepId of moves.enqueue) {
    await deps.queue.enqueue(tx, 'step', { runId: run.id, stepId }, { priority: run.priority, startAfterSeconds });
  }
  const over = await end(tx, run, steps, moves.end);
  await publish(tx, deps.queue, run.id, [
    ...events,
    ...moves.enqueue.map((id) => about('step.enqueued', byId.get(id)!)),
    ...moves.skip.map((id) => about('step.skipped', byId.get(id)!)),
    ...over,
  ]);
  // A run that never left the queue held up nobody.
  if (over.length > 0 && steps.some((step) => step.attempt > 0)) await startNextOfLane(tx, deps, run.lane);
  return over.length > 0;
}

/** The event of a step that became ready, or never will be. */
export function about(type: 'step.enqueued' | 'step.skipped', { id, name, tool }: Step): NewEvent {
  return { type, stepId: id, payload: { name, tool } };
}

/** Ends the run where it is to end, and gives the event of it. */
async function end(tx: Executor, run: Run, steps: Step[], status: RunStatus | null): Promise<NewEvent[]> {
  if (status === null || !isTerminal(status)) return [];
  const failure = status === 'failed' ? (steps.find((step) => step.status === 'failed')?.failure ?? null) : null;
  if (!(await endRun(tx, run.id, status, failure))) return [];
  return [{ type: `run.${status}`, payload: failure ? { failure } : {} }];
}

/**
 * Gives the lane to its oldest run that is not over, and tells those behind it that they moved up.
 * Locks are taken in one order — a run, its lane, the next run —, and a waiting run that is cancelled
 * never asks for the lane: so no two transactions wait for each other.
 */
async function startNextOfLane(tx: Executor, deps: Needs, lane: string): Promise<void> {
  await lockLane(tx, lane);
  let started = false;
  for (const { id } of await listLane(tx, lane)) {
    const waiting = await lockRun(tx, id);
    if (waiting === null || waiting.endedAt !== null) continue; // cancelled while we waited for its lock
    if (!started) await moveOn(tx, deps, waiting);
    started = true;
    await announce(tx, deps, id, 'soon');
  }
}
