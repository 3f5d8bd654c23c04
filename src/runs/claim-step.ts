import type { NewEvent } from '../db/events.ts';
import { getProject } from '../db/projects.ts';
import { lockRun, startRun } from '../db/runs.ts';
import { claimStep, listSteps, type Step } from '../db/steps.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import type { Held } from './held.ts';

/** Takes a step for this worker, with its events, in one transaction; null when it is not to be run. */
export async function claim(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  job: Pick<ClaimedJob<'step'>, 'id' | 'retry' | 'data'>,
): Promise<Held | null> {
  const { runId, stepId } = job.data;
  return deps.db.transaction(async (tx) => {
    // Before the step, as everywhere: two transactions that take both locks take them in one order.
    const run = await lockRun(tx, runId);
    const step = await claimStep(tx, stepId, { job: job.id, retry: job.retry });
    if (step === null) return null;
    const project = (await getProject(tx, run!.projectId))!;
    const events: NewEvent[] = [];
    if (run!.status === 'queued' && (await startRun(tx, runId))) events.push({ type: 'run.started' });
    events.push(started(step));
    await publish(tx, deps.queue, runId, events);
    const announcedUntil = await announce(tx, deps, runId, 'soon');
    const steps = await listSteps(tx, runId);
    return {
      step,
      project,
      steps,
      announcedUntil,
      run: { ...run!, status: 'running', lastSeq: run!.lastSeq + events.length },
    };
  });
}

/** The event of a claim. */
export function started({ id, name, tool, attempt }: Step): NewEvent {
  return { type: 'step.started', stepId: id, payload: { name, tool, attempt } };
}
