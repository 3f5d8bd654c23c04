import { lockRun, recordOnRun, type Run } from '../db/runs.ts';
import { endStep, listSteps, type Step } from '../db/steps.ts';
import { together } from '../db/together.ts';
import type { NewEvent } from '../db/events.ts';
import { afterRepairs, planRepair } from '../domain/repair.ts';
import { isTerminal } from '../domain/run.ts';
import type { PlanStep } from '../domain/plan.ts';
import { RunConfig } from '../domain/run-config.ts';
import { storableText } from '../domain/storable.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import { announce } from './announce.ts';
import { appendSteps } from './append-steps.ts';
import { Cancelled } from './cancel.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

/**
 * Ends a step and does all that follows — events, the next jobs, the run's own end, the job's completion —
 * in one transaction. False when the fence had passed to another worker: nothing is written then, and
 * this worker's result is dropped.
 *
 * `unlessCancelled`: Cancelled, and nothing is written, where somebody has cancelled the run.
 */
export async function finishStep(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  step: Pick<Step, 'id' | 'runId' | 'attempt' | 'name'>,
  came: StepOutcome,
  job?: ClaimedJob<'step'>,
  { unlessCancelled = false } = {},
): Promise<boolean> {
  const { db, queue } = deps;
  return db.transaction(async (tx) => {
    const [run, listed, endedAtOnce] = await together([
      lockRun(tx, step.runId),
      listSteps(tx, step.runId),
      // What a failure comes to depends on what the run has been through; anything else is written as it is.
      came.status === 'failed' ? null : endStep(tx, step, endOf(came)),
    ]);
    if (run === null) return false;
    const outcome = mending(run, listed, step, came);
    const end = endOf(outcome);
    const held = endedAtOnce ?? (await endStep(tx, step, end));
    if (!held) return false;
    if (unlessCancelled && run.cancelRequestedAt !== null) throw new Cancelled(run.id);
    const { failure } = end;
    const steps = withEnd(listed, step, outcome);
    // Our own fault is kept for the operator, who can drive it again; a person can do nothing about it.
    if (job && failure?.kind === 'internal')
      await queue.enqueue(tx, 'dead', { ...job.data, reason: storableText(failure.message) });
    if ('pullRequest' in outcome) await recordOnRun(tx, run.id, { pullRequest: outcome.pullRequest });

    const ended = isTerminal(run.status);
    const added = ended ? [] : await appendSteps(tx, run, outcome.adds, { behind: step.id });
    const events = [told(step, outcome), ...added];
    let halted = false;
    if (ended) await publish(tx, queue, run.id, events);
    else halted = await moveOn(tx, deps, run, { events, ...(added.length === 0 ? { steps } : {}) });
    await together([job && queue.complete(tx, 'step', job), announce(tx, deps, run, halted ? 'now' : 'soon')]);
    return true;
  });
}

function endOf(outcome: StepOutcome) {
  const failure = outcome.status === 'failed' ? outcome.failure : null;
  return { status: outcome.status, outputs: outcome.outputs ?? {}, failure };
}

/** The steps of a run as they are once one of them has ended so. */
export function withEnd(steps: readonly Step[], { id }: Pick<Step, 'id'>, outcome: StepOutcome): Step[] {
  return steps.map((step) => (step.id === id ? { ...step, ...endOf(outcome) } : step));
}

/** An outcome with all the steps it adds to the run: where a gate's verdict is one to mend, those that mend it. */
function mending(
  run: Run,
  listed: readonly Step[],
  step: Pick<Step, 'id'>,
  outcome: StepOutcome,
): StepOutcome & { adds: PlanStep[] } {
  if (outcome.status !== 'failed') return { ...outcome, adds: 'adds' in outcome ? (outcome.adds ?? []) : [] };
  const { maxRepairs } = RunConfig.parse(run.config);
  if (!outcome.mendable || run.cancelRequestedAt !== null) return { ...outcome, adds: [] };
  const steps = withEnd(listed, step, outcome);
  const failed = steps.find(({ id }) => id === step.id)!;
  const adds = planRepair(steps, failed, { maxRepairs, prompt: run.source.prompt });
  return { ...outcome, adds, failure: adds.length > 0 ? outcome.failure : afterRepairs(outcome.failure, steps) };
}

/** The event of a step's end. */
export function told({ id, name, attempt }: Pick<Step, 'id' | 'attempt' | 'name'>, outcome: StepOutcome): NewEvent {
  return outcome.status === 'failed'
    ? { type: 'step.failed', stepId: id, payload: { name, attempt, failure: outcome.failure } }
    : { type: 'step.finished', stepId: id, payload: { name, attempt, status: outcome.status } };
}
