import { lockRun } from '../db/runs.ts';
import { releaseStep, type Step } from '../db/steps.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';

/**
 * Puts the step back in the queue, at once or for later, instead of sleeping on a worker's place. Only
 * a fault counts against it; that this process stops is not the step's fault.
 */
export async function comeBack(
  deps: Pick<Deps, 'db' | 'queue' | 'log' | 'progressEveryMs'>,
  step: Pick<Step, 'id' | 'runId' | 'name' | 'attempt'>,
  job: ClaimedJob<'step'>,
  { event, reason, seconds }: { event: 'step.retried' | 'step.returned'; reason: string; seconds: number },
): Promise<void> {
  const { db, queue, log } = deps;
  await db.transaction(async (tx) => {
    const run = await lockRun(tx, step.runId);
    if (run === null || !(await releaseStep(tx, step, { failed: event === 'step.retried' }))) return;
    await queue.complete(tx, 'step', job);
    await queue.enqueue(tx, 'step', job.data, { startAfterSeconds: seconds, priority: run.priority });
    await publish(tx, queue, step.runId, [
      { type: event, stepId: step.id, payload: { name: step.name, attempt: step.attempt, seconds, reason } },
    ]);
    await announce(tx, deps, run, 'soon');
  });
  log.info({ run: step.runId, step: step.id, event, seconds }, 'step will be run again');
}
