import { reopenDelivery } from '../db/deliveries.ts';
import { getProject } from '../db/projects.ts';
import { getRun, type Run } from '../db/runs.ts';
import { getStep } from '../db/steps.ts';
import { InternalError } from '../errors.ts';
import type { DeadLetter } from '../queue/jobs.ts';
import type { Deps } from './deps.ts';
import { openRun } from './open-run.ts';
import { requeueStep } from './repair.ts';

type Engine = Pick<Deps, 'db' | 'queue' | 'log'>;

/** Jobs that failed too often, oldest first, and whether there are more than `limit`. They are kept for 30 days. */
export async function listDead(
  { queue }: Pick<Deps, 'queue'>,
  limit = 1_000,
): Promise<{ letters: DeadLetter[]; more: boolean }> {
  const letters = await queue.listDead(limit + 1);
  return { letters: letters.slice(0, limit), more: letters.length > limit };
}

export type Redriven =
  | { ok: true; did: 'delivery'; guid: string }
  | { ok: true; did: 'step'; runId: string; stepId: string }
  /** The old run stays as it ended; this one repeats its request. */
  | { ok: true; did: 'run'; runId: string; instead: string }
  | { ok: false; reason: string; next: string };

/**
 * Drives a dead letter again, once: it is gone afterwards.
 *
 * A delivery is worked on anew; what it had done before is found, not done twice. A step goes on where its run does. A run
 * that has ended stays ended — people were told, and its branch and checks say so —, so there a new run of the same request
 * is opened: same words, same base commit, a trigger of its own made of the old one, so that asking twice opens one.
 */
export async function redriveDead(deps: Engine, id: string): Promise<Redriven> {
  const letter = await deps.queue.findDead(id);
  if (letter === null)
    return refuse(`There is no dead letter ${id}.`, '`npm run nofx -- dead list` shows those there are.');
  const { guid, stepId, runId } = letter.data;
  if (guid) return redriveDelivery(deps, letter, guid);
  if (stepId && runId) return redriveStep(deps, letter, { runId, stepId });
  return refuse('This dead letter does not say what it was about.', 'It can only be left to expire.');
}

async function redriveDelivery({ db, queue }: Engine, letter: DeadLetter, guid: string): Promise<Redriven> {
  if (!letter.closed) return refuse('It is being closed just now.', 'Try again in a minute.');
  return db.transaction(async (tx): Promise<Redriven> => {
    if (!(await reopenDelivery(tx, guid))) {
      return refuse(
        `The delivery ${guid} is no longer stored.`,
        'Ask for it on GitHub: the app’s settings, Advanced, Recent deliveries.',
      );
    }
    await queue.removeDead(tx, letter.id);
    await queue.enqueue(tx, 'delivery', { guid });
    return { ok: true, did: 'delivery', guid };
  });
}

async function redriveStep(
  deps: Engine,
  letter: DeadLetter,
  { runId, stepId }: { runId: string; stepId: string },
): Promise<Redriven> {
  const run = await getRun(deps.db, runId);
  const step = await getStep(deps.db, stepId);
  if (run === null || step === null)
    return refuse(`The run ${runId} is no longer stored.`, 'Comment the command again on GitHub.');
  if (run.endedAt !== null) return repeatRun(deps, letter, run);
  // Only where closing it failed as well: else the step is over, or about to be.
  if (await requeueStep(deps, { runId, stepId })) {
    await deps.db.transaction((tx) => deps.queue.removeDead(tx, letter.id));
    return { ok: true, did: 'step', runId, stepId };
  }
  return refuse(
    `The run ${runId} is still under way.`,
    'Wait until it has ended, or cancel it, then drive this again.',
  );
}

async function repeatRun(deps: Engine, letter: DeadLetter, run: Run): Promise<Redriven> {
  const project = await getProject(deps.db, run.projectId);
  if (project === null) throw new InternalError(`The project of ${run.id} is gone.`);
  const { plan, source, config, model, maxCostUsd, baseRef, baseSha } = run;
  const opened = await openRun(deps, {
    project,
    plan,
    source,
    config,
    model,
    maxCostUsd,
    baseRef,
    baseSha,
    triggerKey: `${run.triggerKey}~${letter.id}`,
    links: { repeats: run.id, deadLetter: letter.id },
  });
  if (!opened.ok)
    return refuse(
      `Its plan is not valid any more: ${opened.errors.join('; ')}.`,
      'Comment the command again on GitHub.',
    );
  await deps.db.transaction((tx) => deps.queue.removeDead(tx, letter.id));
  deps.log.info({ run: opened.run.id, repeats: run.id }, 'a dead letter was driven again');
  return { ok: true, did: 'run', runId: opened.run.id, instead: run.id };
}

function refuse(reason: string, next: string): Redriven {
  return { ok: false, reason, next };
}
