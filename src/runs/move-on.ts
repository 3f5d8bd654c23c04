import { appendEvents, type NewEvent } from '../db/events.ts';
import { endRun, listLane, lockLane, lockRun, type Run } from '../db/runs.ts';
import { listSteps, setStepStatus, type Step } from '../db/steps.ts';
import { decideNext, type RunStatus } from '../domain/run.ts';
import type { Executor } from '../db/client.ts';
import type { Deps } from './deps.ts';

type Queue = Deps['queue'];

/**
 * Does what follows from the state of a run's steps: starts what became ready, skips what never will
 * start, and ends the run when nothing is left to do. The caller holds the run's lock.
 */
export async function moveOn(tx: Executor, queue: Queue, run: Run, startAfterSeconds = 0): Promise<void> {
  const steps = await listSteps(tx, run.id);
  const moves = decideNext(steps, { cancelRequested: run.cancelRequestedAt !== null });
  const byId = new Map(steps.map((step) => [step.id, step]));
  await setStepStatus(tx, moves.enqueue, 'queued');
  await setStepStatus(tx, moves.skip, 'skipped');
  await appendEvents(tx, run.id, [
    ...moves.enqueue.map((id) => about('step.enqueued', byId.get(id)!)),
    ...moves.skip.map((id) => about('step.skipped', byId.get(id)!)),
  ]);
  for (const stepId of moves.enqueue) {
    await queue.enqueue(tx, 'step', { runId: run.id, stepId }, { priority: run.priority, startAfterSeconds });
  }
  if (moves.end !== null) await end(tx, queue, run, steps, moves.end);
}

function about(type: 'step.enqueued' | 'step.skipped', { id, name, tool }: Step): NewEvent {
  return { type, stepId: id, payload: { name, tool } };
}

async function end(tx: Executor, queue: Queue, run: Run, steps: Step[], status: RunStatus): Promise<void> {
  if (status === 'queued' || status === 'running') return;
  const failure = status === 'failed' ? (steps.find((step) => step.status === 'failed')?.failure ?? null) : null;
  if (!(await endRun(tx, run.id, status, failure))) return;
  await appendEvents(tx, run.id, [{ type: `run.${status}`, payload: failure ? { failure } : {} }]);
  // A run that never left the queue held up nobody.
  if (steps.some((step) => step.attempt > 0)) await startNextOfLane(tx, queue, run.lane);
}

/**
 * Gives the lane to its oldest run that is not over, and tells those behind it that they moved up.
 * Locks are taken in one order — a run, its lane, the next run —, and a waiting run that is cancelled
 * never asks for the lane: so no two transactions wait for each other.
 */
async function startNextOfLane(tx: Executor, queue: Queue, lane: string): Promise<void> {
  await lockLane(tx, lane);
  const waiting = await listLane(tx, lane);
  for (const { id } of waiting) {
    const next = await lockRun(tx, id);
    if (next === null || next.endedAt !== null) continue; // cancelled while we waited for its lock
    await moveOn(tx, queue, next);
    break;
  }
  for (const { id } of waiting) await queue.enqueue(tx, 'progress', { runId: id }, { singletonKey: id });
}
