import type { Run } from '../db/runs.ts';
import { listSteps, type Step } from '../db/steps.ts';
import { code } from '../domain/markdown.ts';
import { gateOf } from '../domain/plan.ts';
import { standIns } from '../domain/stand-ins.ts';
import { UserError } from '../errors.ts';
import { askedAgain } from '../runs/asked-again.ts';
import type { Deps } from '../runs/deps.ts';
import { reusable } from '../runs/reusable.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Answer, Occasion } from './occasion.ts';
import { rebase } from './rebase.ts';
import { runsAbout } from './runs-about.ts';
import { start } from './start.ts';

/**
 * Does the last request of an issue again, as a new run with a base of today. From a step on that comes after the code
 * was written, the code of the last run is taken over, and its base with it. A run that ended stays as it ended.
 */
export async function retry(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  stepName: string | null,
): Promise<Answer> {
  const { open, last } = await runsAbout(deps, occasion);
  if (open[0]) throw notOver(open[0]);
  if (last === null) {
    throw new UserError('There is no run here to try again.', '`/nofx <what you want>` starts one.');
  }
  return retryRun(deps, defaults, occasion, last, stepName);
}

/** The same of a certain run. */
export async function retryRun(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  run: Run,
  stepName: string | null,
): Promise<Answer> {
  // GitHub shows its "Re-run" also under the check of a run that waits.
  if (run.endedAt === null) throw notOver(run);
  if (run.status === 'succeeded') {
    throw new UserError(
      `${code(run.id)} has succeeded, so there is nothing to try again.`,
      '`/nofx <what you want>` asks for something else.',
    );
  }
  if (run.source.pullRequest?.rebase) return rebase(deps, defaults, occasion);
  const steps = await listSteps(deps.db, run.id);
  const from = stepName === null ? failedStep(steps) : namedStep(run, steps, stepName);
  const reuse = from && (await reusable(deps, { run, steps }, from));
  return start(deps, defaults, occasion, { ...askedAgain(run, steps), repeats: { runId: run.id, reuse } });
}

function notOver({ id, status }: Run): UserError {
  return status === 'waiting'
    ? new UserError(`${code(id)} waits for an approval here.`, 'Approve it, or comment `/nofx cancel` first.')
    : new UserError(
        `${code(id)} is still under way here.`,
        'Wait until it has ended, or comment `/nofx cancel` first.',
      );
}

/** The step to go on from by itself: a gate's verdict would be the same on the same code, so then it is written anew. */
function failedStep(steps: readonly Step[]): Step | null {
  const failed = steps.findLast(({ status }) => status === 'failed');
  return failed && gateOf(failed.tool) === null ? failed : null;
}

function namedStep(run: Run, steps: readonly Step[], wanted: string): Step {
  const found =
    standIns(steps).newest(wanted) ?? steps.findLast(({ tool }) => tool === wanted || gateOf(tool) === wanted);
  if (found) return found;
  throw new UserError(
    `${code(run.id)} has no step ${code(wanted, 80)}; it has ${steps.map(({ name }) => code(name, 80)).join(', ')}.`,
    '`/nofx retry` alone starts at the beginning. If you meant a task, say it in a few more words.',
  );
}
