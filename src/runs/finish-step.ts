import type { NewEvent } from '../db/events.ts';
import { endRun, lockRun, recordOnRun } from '../db/runs.ts';
import { endStep, listSteps, setStepStatus, type Step } from '../db/steps.ts';
import { decideNext, isTerminal } from '../domain/run.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import type { Executor } from '../db/client.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import type { Deps } from './deps.ts';

/**
 * Ends a step and does all that follows — events, the next jobs, the run's own end, the job's
 * completion — in one transaction. False when the fence has passed to another worker: then nothing is
 * written, and this worker's result is dropped.
 */
export async function finishStep(
  { db, queue }: Pick<Deps, 'db' | 'queue'>,
  step: Pick<Step, 'id' | 'runId' | 'attempt' | 'name'>,
  outcome: StepOutcome,
  job?: ClaimedJob<'step'>,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, step.runId);
    if (run === null) return false;
    const failure = outcome.status === 'failed' ? outcome.failure : null;
    const held = await endStep(tx, step, { status: outcome.status, outputs: outcome.outputs ?? {}, failure });
    if (!held) return false;
    if (job) await queue.complete(tx, 'step', job);
    if ('pullRequest' in outcome) await recordOnRun(tx, run.id, { pullRequest: outcome.pullRequest });

    await publish(tx, queue, run.id, [
      failure
        ? { type: 'step.failed', stepId: step.id, payload: { name: step.name, attempt: step.attempt, failure } }
        : { type: 'step.finished', stepId: step.id, payload: { name: step.name, attempt: step.attempt, status: outcome.status } },
    ]);
    if (!isTerminal(run.status)) await moveOn(tx, queue, run.id);
    await queue.enqueue(tx, 'progress', { runId: run.id }, { singletonKey: run.id });
    return true;
  });
}

/** Starts what became ready, skips what never will, and ends the run when nothing is left to do. */
async function moveOn(tx: Executor, queue: Deps['queue'], runId: string): Promise<void> {
  const steps = await listSteps(tx, runId);
  const moves = decideNext(steps);
  const byId = new Map(steps.map((step) => [step.id, step]));
  const about = (type: 'step.enqueued' | 'step.skipped') => (id: string): NewEvent => {
    const { name, tool } = byId.get(id)!;
    return { type, stepId: id, payload: { name, tool } };
  };
  await setStepStatus(tx, moves.enqueue, 'queued');
  await setStepStatus(tx, moves.skip, 'skipped');
  await publish(tx, queue, runId, [...moves.enqueue.map(about('step.enqueued')), ...moves.skip.map(about('step.skipped'))]);
  for (const stepId of moves.enqueue) await queue.enqueue(tx, 'step', { runId, stepId });

  if (moves.end === null || moves.end === 'queued' || moves.end === 'running') return;
  const failure = steps.find((step) => step.status === 'failed')?.failure ?? null;
  if (await endRun(tx, runId, moves.end, failure)) {
    await publish(tx, queue, runId, [{ type: `run.${moves.end}`, payload: failure ? { failure } : {} }]);
  }
}
