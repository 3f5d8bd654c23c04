import { lockRun, recordOnRun } from '../db/runs.ts';
import { endStep, type Step } from '../db/steps.ts';
import type { NewEvent } from '../db/events.ts';
import { isTerminal } from '../domain/run.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn, type Moved } from './move-on.ts';

export type Finished = {
  /** false: the fence had passed to another worker, nothing was written, and this worker's result is dropped */
  kept: boolean;
  /** The run's next step, claimed under the same job: for the caller to go on with. */
  next: Step | null;
};

/**
 * Ends a step and does all that follows — events, the next jobs, the run's own end, the job's completion — in one
 * transaction. With `goOn` the job may go on with the run's next step instead of being completed.
 */
export async function finishStep(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  step: Pick<Step, 'id' | 'runId' | 'attempt' | 'name'>,
  outcome: StepOutcome,
  job?: ClaimedJob<'step'>,
  { goOn = false } = {},
): Promise<Finished> {
  const { db, queue } = deps;
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, step.runId);
    if (run === null) return { kept: false, next: null };
    const failure = outcome.status === 'failed' ? outcome.failure : null;
    const held = await endStep(tx, step, { status: outcome.status, outputs: outcome.outputs ?? {}, failure });
    if (!held) return { kept: false, next: null };
    // Our own fault is kept for the operator, who can drive it again; a person can do nothing about it.
    if (job && failure?.kind === 'internal') await queue.enqueue(tx, 'dead', { ...job.data, reason: failure.message });
    if ('pullRequest' in outcome) await recordOnRun(tx, run.id, { pullRequest: outcome.pullRequest });

    const events = [told(step, outcome)];
    let moved: Moved = { ended: false, next: null };
    if (isTerminal(run.status)) await publish(tx, queue, run.id, events);
    else moved = await moveOn(tx, deps, run, { events, job: goOn && job ? job : null });
    if (job && !moved.next) await queue.complete(tx, 'step', job);
    await announce(tx, deps, run.id, moved.ended ? 'now' : 'soon');
    return { kept: true, next: moved.next };
  });
}

function told({ id, name, attempt }: Pick<Step, 'id' | 'attempt' | 'name'>, outcome: StepOutcome): NewEvent {
  return outcome.status === 'failed'
    ? { type: 'step.failed', stepId: id, payload: { name, attempt, failure: outcome.failure } }
    : { type: 'step.finished', stepId: id, payload: { name, attempt, status: outcome.status } };
}
