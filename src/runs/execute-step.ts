import type { NewEvent } from '../db/events.ts';
import { lockRun, startRun } from '../db/runs.ts';
import { claimStep, type Step } from '../db/steps.ts';
import { messageOf } from '../errors.ts';
import { publish } from '../outbox/publish.ts';
import { Stopping, type ClaimedJob } from '../queue/boss.ts';
import { announce } from './announce.ts';
import { Cancelled, type CancelWatch } from './cancel.ts';
import { comeBack } from './come-back.ts';
import type { Deps } from './deps.ts';
import { judge } from './failure.ts';
import { finishStep } from './finish-step.ts';
import { runHandler } from './run-handler.ts';
import { FenceLost } from './step-context.ts';

/** Works on one step job: claim, run the handler, finish. Whatever goes wrong, the step is accounted for. */
export async function executeStep(deps: Deps, cancels: CancelWatch, job: ClaimedJob<'step'>): Promise<void> {
  const step = await claim(deps, job);
  if (step === null) return; // done, skipped, or another worker's by now
  const log = deps.log.child({ run: step.runId, step: step.id, attempt: step.attempt, tool: step.tool });
  log.info('step started');
  const cancel = cancels.watch(step.runId);
  try {
    const outcome = await runHandler(deps, step, AbortSignal.any([job.signal, cancel.signal]));
    const kept = await finishStep(deps, step, outcome, job);
    log.info({ status: outcome.status, kept }, 'step finished');
  } catch (error) {
    if (job.signal.reason instanceof Stopping) {
      await comeBack(deps, step, job, { event: 'step.returned', reason: 'the process is stopping', seconds: 0 });
    } else if (cancel.signal.reason instanceof Cancelled) {
      await finishStep(deps, step, { status: 'cancelled', outputs: {} }, job);
      log.info('step cancelled');
    } else if (error instanceof FenceLost || job.signal.aborted) {
      throw error; // the lease is gone: whoever has it goes on from here
    } else {
      log.warn({ err: error }, 'step threw');
      await settle(deps, step, job, error);
    }
  } finally {
    cancel.done();
  }
}

/** Takes a step for this worker, with its events, in one transaction; null when it is not to be run. */
export async function claim(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  job: Pick<ClaimedJob<'step'>, 'id' | 'retry' | 'data'>,
): Promise<Step | null> {
  const { db } = deps;
  const { runId, stepId } = job.data;
  return db.transaction(async (tx) => {
    // Before the step, as everywhere: two transactions that take both locks take them in one order.
    await lockRun(tx, runId);
    const step = await claimStep(tx, stepId, { job: job.id, retry: job.retry });
    if (step === null) return null;
    const events: NewEvent[] = [];
    if (await startRun(tx, runId)) events.push({ type: 'run.started' });
    events.push({ type: 'step.started', stepId, payload: { name: step.name, tool: step.tool, attempt: step.attempt } });
    await publish(tx, deps.queue, runId, events);
    await announce(tx, deps, runId, 'soon');
    return step;
  });
}

/** Ends the step or tries it again later, as the error deserves. */
async function settle(deps: Deps, step: Step, job: ClaimedJob<'step'>, error: unknown): Promise<void> {
  const { redact } = deps.adapters;
  const verdict = judge(error, step.failures + 1, step.runId, Math.random());
  if ('failure' in verdict) {
    const failure = { ...verdict.failure, message: redact(verdict.failure.message) };
    await finishStep(deps, step, { status: 'failed', failure }, job);
    return;
  }
  const reason = redact(messageOf(error));
  await comeBack(deps, step, job, { event: 'step.retried', reason, seconds: verdict.retryInSeconds });
}
