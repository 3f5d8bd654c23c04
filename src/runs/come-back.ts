import type { NewEvent } from '../db/events.ts';
import { lockRun } from '../db/runs.ts';
import { getStep, releaseStep, type Counted, type Step } from '../db/steps.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import { announce } from './announce.ts';
import { Cancelled } from './cancel.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

/**
 * Puts the step back in the queue, at once or for later, instead of sleeping on a worker's place. A fault
 * says what it counts as; that this process stops is not the step's fault, and counts as nothing.
 *
 * After a fault nothing is tried again in a run that has come to its end meanwhile: Cancelled, and nothing is written, where
 * somebody has cancelled it; where another of its steps has failed, this one is skipped like any that is yet to come.
 */
export async function comeBack(
  deps: Pick<Deps, 'db' | 'queue' | 'log' | 'progressEveryMs'>,
  step: Pick<Step, 'id' | 'runId' | 'name' | 'attempt'>,
  job: ClaimedJob<'step'>,
  { counts, reason, seconds }: { counts: Counted | null; reason: string; seconds: number },
): Promise<void> {
  const { db, queue, log } = deps;
  const failed = counts !== null;
  const event = failed ? 'step.retried' : 'step.returned';
  const { name, attempt } = step;
  const events: NewEvent[] = [{ type: event, stepId: step.id, payload: { name, attempt, seconds, reason } }];
  await db.transaction(async (tx) => {
    const run = await lockRun(tx, step.runId);
    if (run === null || !(await releaseStep(tx, step, { counts }))) return;
    if (failed && run.cancelRequestedAt !== null) throw new Cancelled(run.id);
    await queue.complete(tx, 'step', job);
    const halted = failed && (await moveOn(tx, deps, run, { events }));
    if (!failed) await publish(tx, queue, run.id, events);
    if ((await getStep(tx, step.id))?.status === 'queued')
      await queue.enqueue(tx, 'step', job.data, { startAfterSeconds: seconds, priority: run.priority });
    await announce(tx, deps, run, halted ? 'now' : 'soon');
  });
  log.info({ run: step.runId, step: step.id, event, seconds }, 'step will be run again');
}
