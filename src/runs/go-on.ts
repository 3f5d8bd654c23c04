import { sql } from 'drizzle-orm';
import { passOn, passOnAlone } from '../db/pass-on.ts';
import type { Run } from '../db/runs.ts';
import type { Step } from '../db/steps.ts';
import { decideNext, isTolerated } from '../domain/run.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { sendMessages } from '../outbox/publish.ts';
import type { Lease } from '../queue/jobs.ts';
import { announce } from './announce.ts';
import { started } from './claim-step.ts';
import type { Deps } from './deps.ts';
import { told, withEnd } from './finish-step.ts';
import type { Held } from './held.ts';
import { about } from './move-on.ts';

/**
 * Ends a step and goes on with the one that follows, under the same job: this worker has the run's workspace at hand,
 * and no job need be made, announced and fetched. What follows is decided from the run as it stood with the claim, and
 * done only if nothing has happened to it since.
 *
 * Null, and nothing is done, where that is not so, where another run's turn has come, and where more follows than one
 * step: then `finishStep` looks again, under the run's lock.
 */
export async function goOn(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  held: Held,
  outcome: StepOutcome,
  lease: Lease,
): Promise<Held | null> {
  const { db, queue } = deps;
  const { run } = held;
  if ('pullRequest' in outcome || 'adds' in outcome || outcome.status === 'failed') return null;
  const steps = withEnd(held.steps, held.step, outcome);
  const next = onlyNext(run, steps);
  const way = next && queue.passOn('step', lease, { runId: run.id, stepId: next.id }, run.priority);
  if (!next || !way) return null;

  const claimed: Step = {
    ...next,
    status: 'running',
    attempt: next.attempt + 1,
    leaseJob: lease.id,
    leaseRetry: lease.retry,
  };
  const ends = { ...held.step, status: outcome.status, outputs: outcome.outputs ?? {} };
  const events = [told(held.step, outcome), about('step.enqueued', next), started(claimed)];
  let { announcedUntil } = held;
  const what = { run, ends, next: next.id, job: { ...lease, ...way }, events };
  const announced = performance.now() < announcedUntil;
  // An update that waits shows this, too. One that has just begun may not have seen it: it looks again before it ends.
  const isShown = announced ? sql`true` : queue.isWaiting('progress', run.id);
  const passed =
    (await passOnAlone(db, what, isShown)) ??
    (await passOn(db, what, async (tx, { messages }) => {
      await sendMessages(tx, queue, messages);
      if (!announced) announcedUntil = await announce(tx, deps, run, 'soon');
    }));
  if (passed === null) return null;
  const step = { ...claimed, startedAt: passed.startedAt };
  return {
    ...held,
    step,
    run: { ...run, ...passed.run },
    steps: steps.map((each) => (each.id === step.id ? step : each)),
    announcedUntil,
  };
}

/** The one step that can start now; null where there is none, or where more is to be done than to start it. */
function onlyNext(run: Run, steps: readonly Step[]): Step | null {
  const { enqueue, ask, skip, end } = decideNext(steps, { tolerated: (step) => isTolerated(step, run.config) });
  const alone = enqueue.length === 1 && ask.length === 0 && skip.length === 0 && end === null;
  return alone ? steps.find(({ id }) => id === enqueue[0])! : null;
}
