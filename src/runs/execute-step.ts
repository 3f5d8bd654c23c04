import type { NewEvent } from '../db/events.ts';
import { getProject } from '../db/projects.ts';
import { getRun, lockRun, startRun } from '../db/runs.ts';
import { claimStep, releaseStep, type Step } from '../db/steps.ts';
import { checkPolicy } from '../domain/policy.ts';
import { InternalError, messageOf, UserError } from '../errors.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { handlerOf } from '../handlers/registry.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import type { Deps } from './deps.ts';
import { judge } from './failure.ts';
import { finishStep } from './finish-step.ts';
import { createStepContext, FenceLost } from './step-context.ts';

/** Works on one step job: claim, run the handler, finish. Whatever goes wrong, the step is accounted for. */
export async function executeStep(deps: Deps, job: ClaimedJob<'step'>): Promise<void> {
  const step = await claim(deps, job);
  if (step === null) return; // done, skipped, or another worker's by now
  const log = deps.log.child({ run: step.runId, step: step.id, attempt: step.attempt, tool: step.tool });
  log.info('step started');
  try {
    const outcome = await runHandler(deps, step, job.signal);
    const kept = await finishStep(deps, step, outcome, job);
    log.info({ status: outcome.status, kept }, 'step finished');
  } catch (error) {
    // The process is stopping or the lease is gone: whoever claims the job next goes on from here.
    if (error instanceof FenceLost || job.signal.aborted) throw error;
    log.warn({ err: error }, 'step threw');
    const verdict = judge(error, step.attempt, step.runId, Math.random());
    const { redact } = deps.adapters;
    if ('failure' in verdict) {
      const failure = { ...verdict.failure, message: redact(verdict.failure.message) };
      await finishStep(deps, step, { status: 'failed', failure }, job);
    } else await retryLater(deps, step, job, verdict.retryInSeconds, redact(messageOf(error)));
  }
}

async function claim({ db, queue }: Deps, job: ClaimedJob<'step'>): Promise<Step | null> {
  const { runId, stepId } = job.data;
  return db.transaction(async (tx) => {
    // Before the step, as everywhere: two transactions that take both locks take them in one order.
    await lockRun(tx, runId);
    const step = await claimStep(tx, stepId, { job: job.id, retry: job.retry });
    if (step === null) return null;
    const events: NewEvent[] = [];
    if (await startRun(tx, runId)) events.push({ type: 'run.started' });
    events.push({ type: 'step.started', stepId, payload: { name: step.name, tool: step.tool, attempt: step.attempt } });
    await publish(tx, queue, runId, events);
    await queue.enqueue(tx, 'progress', { runId }, { singletonKey: runId });
    return step;
  });
}

async function runHandler(deps: Deps, step: Step, jobSignal: AbortSignal): Promise<StepOutcome> {
  const run = await getRun(deps.db, step.runId);
  const project = run && (await getProject(deps.db, run.projectId));
  if (!run || !project) throw new InternalError(`The run or project of ${step.id} is gone.`);
  const handler = handlerOf(step.tool);
  if (!handler) {
    throw new UserError(`This version of NOFX has no tool "${step.tool}".`, 'Start the run again.');
  }
  const refused = checkPolicy(step, step.inputs._policy, handler.secrets);
  if (refused) return { status: 'failed', failure: refused };
  const inputs = handler.inputs.safeParse(step.inputs);
  if (!inputs.success) {
    const problems = inputs.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new UserError(`The inputs of step "${step.name}" are not what ${step.tool} takes: ${problems}.`, 'Correct the plan.');
  }

  const limit = AbortSignal.timeout(handler.timeLimitMs);
  const signal = AbortSignal.any([jobSignal, limit]);
  const context = createStepContext(deps, { run, step, project, signal });
  try {
    return await handler.run({ ...context, inputs: inputs.data });
  } catch (error) {
    if (!limit.aborted || jobSignal.aborted) throw error;
    const minutes = Math.round(handler.timeLimitMs / 60_000);
    return {
      status: 'failed',
      failure: {
        kind: 'timeout',
        message: `Step "${step.name}" was stopped after its ${minutes} minutes.`,
        next: 'Ask for something smaller, then comment the command again.',
      },
    };
  }
}

/** Puts the step back in the queue for later instead of sleeping on a worker's place. */
async function retryLater(
  { db, queue, log }: Deps,
  step: Step,
  job: ClaimedJob<'step'>,
  seconds: number,
  reason: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockRun(tx, step.runId);
    if (!(await releaseStep(tx, step))) return;
    await queue.complete(tx, 'step', job);
    await queue.enqueue(tx, 'step', job.data, { startAfterSeconds: seconds });
    await publish(tx, queue, step.runId, [
      { type: 'step.retried', stepId: step.id, payload: { name: step.name, attempt: step.attempt, seconds, reason } },
    ]);
    await queue.enqueue(tx, 'progress', { runId: step.runId }, { singletonKey: step.runId });
  });
  log.info({ run: step.runId, step: step.id, seconds }, 'step will be tried again');
}
