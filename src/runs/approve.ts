import { lockRun } from '../db/runs.ts';
import { endWait, listSteps } from '../db/steps.ts';
import type { NewEvent } from '../db/events.ts';
import type { Failure } from '../domain/run.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

type Engine = Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>;
type WaitingStep = { runId: string; stepId: string };

/**
 * Says yes to a step that waits for it; the run goes on once it is its turn. `trigger` is what the person did, kept with
 * it. False when the step does not wait (any more).
 */
export async function approveStep(deps: Engine, step: WaitingStep, by: string, trigger?: string): Promise<boolean> {
  return answer(deps, step, { status: 'succeeded', outputs: { approvedBy: by, trigger } }, (name) => ({
    type: 'step.approved',
    payload: { name, by },
  }));
}

/** Ends a run whose question has become void. False when it does not wait (any more). */
export async function refuseStep(
  deps: Engine,
  step: WaitingStep,
  { failure, trigger }: { failure: Failure; trigger: string },
): Promise<boolean> {
  return answer(deps, step, { status: 'cancelled', outputs: { trigger }, failure }, (name) => ({
    type: 'step.refused',
    payload: { name, failure },
  }));
}

/** Ends a run that waited too long for an answer. False when it does not wait (any more). */
export async function expireStep(deps: Engine, step: WaitingStep): Promise<boolean> {
  const failure: Failure = {
    kind: 'timeout',
    message: 'Nobody approved it in time, so it was not done.',
    next: 'Comment `/nofx retry` to be asked again.',
  };
  return answer(deps, step, { status: 'cancelled', outputs: {}, failure }, (name) => ({
    type: 'step.expired',
    payload: { name, failure },
  }));
}

async function answer(
  deps: Engine,
  { runId, stepId }: WaitingStep,
  end: Parameters<typeof endWait>[2],
  told: (name: string) => NewEvent,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run === null || run.endedAt !== null || !(await endWait(tx, stepId, end))) return false;
    const { name } = (await listSteps(tx, runId)).find(({ id }) => id === stepId)!;
    await moveOn(tx, deps, run, { events: [{ ...told(name), stepId }] });
    await announce(tx, deps, run, 'now');
    return true;
  });
}
