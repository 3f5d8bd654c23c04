import type { Step } from '../db/steps.ts';
import { messageOf } from '../errors.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { Stopping, type ClaimedJob } from '../queue/jobs.ts';
import { LeaseLost } from '../queue/lease.ts';
import { Cancelled, type CancelWatch } from './cancel.ts';
import { claim } from './claim-step.ts';
import { comeBack } from './come-back.ts';
import type { Deps } from './deps.ts';
import { judge } from './failure.ts';
import { finishStep } from './finish-step.ts';
import { goOn } from './go-on.ts';
import type { Held } from './held.ts';
import { keeping } from './keep-work.ts';
import { runHandler } from './run-handler.ts';
import { FenceLost } from './step-context.ts';

/** For how long a job may go on with further steps. With the longest step it stays below the queue's own limit. */
const GO_ON_FOR_MS = 25 * 60_000;

/** A step job to work on; `held` where its step was claimed with the end of the one before it. */
export type StepJob = ClaimedJob<'step'> & { held?: Held; since?: number };

/** Works on a step job, and on the run's next steps for as long as it may go on with them. `execute` does one of them. */
export function executeSteps(execute: (job: StepJob) => Promise<StepJob | null>): (job: StepJob) => Promise<void> {
  return async (first) => {
    for (let job: StepJob | null = first; job !== null;) job = await execute(job);
  };
}

/**
 * Works on one step: claim, run the handler, finish. Whatever goes wrong, the step is accounted for.
 * Gives what to go on with: the run's next step, claimed already.
 */
export async function executeStep(deps: Deps, cancels: CancelWatch, job: StepJob): Promise<StepJob | null> {
  const held = job.held ?? (await claim(deps, job));
  if (held === null) return null; // done, skipped, or another worker's by now
  const { step } = held;
  const { since = performance.now() } = job;
  const log = deps.log.child({ run: step.runId, step: step.id, attempt: step.attempt, tool: step.tool });
  log.info('step started');
  const cancel = cancels.watch(step.runId);
  const ends = { job: job.signal, cancel: cancel.signal };
  /** Of a cancelled run, keeps what it has come to. */
  const end = async (outcome: StepOutcome): Promise<null> => {
    const { outputs: own = {} } = outcome;
    const outputs = 'pullRequest' in outcome ? own : await keeping(deps, held, ends, own);
    const kept = await finishStep(deps, step, { ...outcome, outputs }, job);
    log.info({ status: outcome.status, kept }, 'step finished');
    return null;
  };
  /** What the handler gave; until then nothing. */
  let outcome: StepOutcome = { status: 'cancelled', outputs: {} };
  try {
    // It is worked on only for what is to be kept.
    if (held.run.cancelRequestedAt !== null) throw new Cancelled(step.runId);
    outcome = await runHandler(deps, held, ends);
    if (cancel.signal.aborted) return await end(outcome);
    // After a crash each step has a job of its own, so that retries are counted for each.
    const mayGoOn = job.retry === 0 && !job.signal.aborted && performance.now() - since < GO_ON_FOR_MS;
    const next = mayGoOn ? await goOn(deps, held, outcome, job) : null;
    const kept = next !== null || (await finishStep(deps, step, outcome, job, { unlessCancelled: true }));
    log.info({ status: outcome.status, kept }, 'step finished');
    return next && { ...job, data: { runId: step.runId, stepId: next.step.id }, held: next, since };
  } catch (error) {
    // The watch looks twice a second.
    if (error instanceof Cancelled) cancel.saw(error);
    if (job.signal.reason instanceof Stopping) {
      await comeBack(deps, step, job, { counts: null, reason: 'the process is stopping', seconds: 0 });
    } else if (cancel.signal.reason instanceof Cancelled) {
      await end(outcome);
    } else if (isLost(error) || job.signal.aborted) {
      throw error; // whoever has the job now goes on from here
    } else {
      log.warn({ err: error }, 'step threw');
      await settle(deps, step, job, error).catch((thrown: unknown) => {
        if (!(thrown instanceof Cancelled)) throw thrown;
        cancel.saw(thrown);
        return end(outcome);
      });
    }
    return null;
  } finally {
    cancel.done();
  }
}

/** Whether somebody else has the step, or the job, by now: said by us, or behind what an adapter made of it. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof FenceLost || at instanceof LeaseLost) return true;
  return false;
}

/** Ends the step or tries it again later, as the error deserves. */
async function settle(deps: Deps, step: Step, job: ClaimedJob<'step'>, error: unknown): Promise<void> {
  const { redact } = deps.adapters;
  const verdict = judge(error, step, Math.random());
  if ('failure' in verdict) {
    const failure = { ...verdict.failure, message: redact(verdict.failure.message) };
    await finishStep(deps, step, { status: 'failed', failure }, job);
    return;
  }
  const { counts, retryInSeconds: seconds } = verdict;
  await comeBack(deps, step, job, { counts, reason: redact(messageOf(error)), seconds });
}
