import type { NewEvent } from '../db/events.ts';
import { getProjectOfRun } from '../db/projects.ts';
import { becomes, lockRun } from '../db/runs.ts';
import { claimStep, listSteps, type Step } from '../db/steps.ts';
import { together } from '../db/together.ts';
import { publish } from '../outbox/publish.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
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
    const [run, step, steps, project] = await together([
      // Before the step, as everywhere: two transactions that take both locks take them in one order.
      lockRun(tx, runId),
      claimStep(tx, stepId, { job: job.id, retry: job.retry }),
      listSteps(tx, runId),
      getProjectOfRun(tx, runId),
    ]);
    if (step === null) return null;
    const starts = run!.status === 'queued';
    const events: NewEvent[] = [...(starts ? [{ type: 'run.started' as const }] : []), started(step)];
    const [, announcedUntil] = await together([
      publish(tx, deps.queue, runId, events, starts ? becomes.running() : undefined),
      announce(tx, deps, run!, 'soon'),
    ]);
    return {
      step,
      project: project!,
      steps: steps.map((each) => (each.id === step.id ? step : each)),
      announcedUntil,
      run: { ...run!, status: 'running', lastSeq: run!.lastSeq + events.length },
    };
  });
}

/** The event of a claim. */
export function started({ id, name, tool, attempt }: Step): NewEvent {
  return { type: 'step.started', stepId: id, payload: { name, tool, attempt } };
}
