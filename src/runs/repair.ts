import { giveTurn, listLane, lockRun } from '../db/runs.ts';
import { failOpenSteps, listSteps, releaseStep } from '../db/steps.ts';
import type { Failure } from '../domain/run.ts';
import { publish } from '../outbox/publish.ts';
import { orphanedSteps } from '../queue/orphans.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

type Engine = Pick<Deps, 'db' | 'queue' | 'log' | 'progressEveryMs'>;

/**
 * Moves on a run that nothing would ever move, through the same decision as always. That there is one is a mistake of
 * ours, so it is logged as an error. False when it is none (any more).
 */
export async function repairStuckRun(deps: Engine, runId: string): Promise<boolean> {
  const { db, log } = deps;
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run === null || run.endedAt !== null) return false;
    const steps = await listSteps(tx, runId);
    if (steps.some(({ status }) => ['queued', 'running', 'waiting'].includes(status))) return false;
    if (run.status !== 'waiting' && (await listLane(tx, run.lane))[0]?.id !== runId) return false;
    const turnAt = run.status === 'queued' ? (run.turnAt ?? (await giveTurn(tx, runId))) : run.turnAt;
    log.error(
      { run: runId, steps: steps.map(({ id, status }) => `${id} ${status}`) },
      'a run had stopped moving; it is moved on',
    );
    await moveOn(tx, deps, { ...run, turnAt });
    await announce(tx, deps, run, 'now');
    return true;
  });
}

/** Gives a step whose job is gone a new one. False when it has one (again), or is over. */
export async function requeueStep(
  deps: Engine,
  { runId, stepId }: { runId: string; stepId: string },
): Promise<boolean> {
  const { db, log } = deps;
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run === null || run.endedAt !== null) return false;
    if (!(await orphanedSteps(tx, { runId })).some((orphan) => orphan.stepId === stepId)) return false;
    const step = (await listSteps(tx, runId)).find(({ id }) => id === stepId)!;
    log.warn({ run: runId, step: stepId, attempt: step.attempt }, 'the job of a step was gone; it gets a new one');
    // Whoever may still be at it is refused from here on.
    if (step.status === 'running') await releaseStep(tx, step, { counts: null });
    await deps.queue.enqueue(tx, 'step', { runId, stepId }, { priority: run.priority });
    await publish(tx, deps.queue, runId, [
      {
        type: 'step.returned',
        stepId,
        payload: { name: step.name, attempt: step.attempt, seconds: 0, reason: 'its job was gone' },
      },
    ]);
    await announce(tx, deps, run, 'now');
    return true;
  });
}

/** Ends a run as failed, whatever it was doing. False when it was over. */
export async function giveUpRun(deps: Engine, runId: string, failure: Failure): Promise<boolean> {
  const { db, log } = deps;
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run === null || run.endedAt !== null) return false;
    const failed = await failOpenSteps(tx, runId, failure);
    log.warn({ run: runId, steps: failed.map(({ id }) => id) }, failure.message);
    await publish(
      tx,
      deps.queue,
      runId,
      failed.map(({ id, name, attempt }) => ({ type: 'step.failed', stepId: id, payload: { name, attempt, failure } })),
    );
    await moveOn(tx, deps, run);
    await announce(tx, deps, run, 'now');
    return true;
  });
}
