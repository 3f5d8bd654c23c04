import { lockRun, recordOnRun } from '../db/runs.ts';
import { endStep, type Step } from '../db/steps.ts';
import { isTerminal } from '../domain/run.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

/**
 * Ends a step and does all that follows — events, the next jobs, the run's own end, the job's
 * completion — in one transaction. False when the fence has passed to another worker: then nothing is
 * written, and this worker's result is dropped.
 */
export async function finishStep(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  step: Pick<Step, 'id' | 'runId' | 'attempt' | 'name'>,
  outcome: StepOutcome,
  job?: ClaimedJob<'step'>,
): Promise<boolean> {
  const { db, queue } = deps;
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, step.runId);
    if (run === null) return false;
    const failure = outcome.status === 'failed' ? outcome.failure : null;
    const held = await endStep(tx, step, { status: outcome.status, outputs: outcome.outputs ?? {}, failure });
    if (!held) return false;
    if (job) await queue.complete(tx, 'step', job);
    // Our own fault is kept for the operator, who can drive it again; a person can do nothing about it.
    if (job && failure?.kind === 'internal') await queue.enqueue(tx, 'dead', { ...job.data, reason: failure.message });
    if ('pullRequest' in outcome) await recordOnRun(tx, run.id, { pullRequest: outcome.pullRequest });

    await publish(tx, queue, run.id, [
      failure
        ? { type: 'step.failed', stepId: step.id, payload: { name: step.name, attempt: step.attempt, failure } }
        : {
            type: 'step.finished',
            stepId: step.id,
            payload: { name: step.name, attempt: step.attempt, status: outcome.status },
          },
    ]);
    const ended = !isTerminal(run.status) && (await moveOn(tx, deps, run));
    await announce(tx, deps, run.id, ended ? 'now' : 'soon');
    return true;
  });
}
