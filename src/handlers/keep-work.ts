import { z } from 'zod';
import { Kept } from '../domain/kept.ts';
import { CodegenOutputs } from './codegen.ts';
import { commitWork, WriteOutputs } from './change-set.ts';
import type { StepContext } from './handler.ts';
import { pushWork } from './push-work.ts';

/** A step of the run, as far as it has come. */
type Done = { id: string; outputs: Record<string, unknown> | null };

/** What a step hands on that has pushed, or of which it was kept. */
const Pushed = z.union([Kept, z.object({ kept: Kept })]);

/** Whether a run's steps have made something that `keepWork` would put on a branch, and that is on none yet. Pure. */
export function hasUnkeptWork({ source }: Pick<StepContext['run'], 'source'>, steps: readonly Done[]): boolean {
  if (source.pullRequest) return false;
  const last = steps.findLast(({ outputs }) => isWork(outputs) || Pushed.safeParse(outputs).success);
  return last !== undefined && isWork(last.outputs) && !last.outputs?.['kept'];
}

function isWork(outputs: Done['outputs']): boolean {
  return WriteOutputs.safeParse(outputs).success || Boolean(CodegenOutputs.safeParse(outputs).data?.files.length);
}

/**
 * Puts what a cancelled run has made so far on its branch: the newest of its commits and change sets.
 * Null where it has made nothing, or where the branch is a pull request's: nobody asked for half a change in there.
 */
export async function keepWork(context: StepContext, steps: readonly Done[]): Promise<Kept | null> {
  if (context.run.source.pullRequest) return null;
  const work = await newestWork(context, steps);
  if (work === null) return null;
  const { sha } = await pushWork(context, work);
  return { sha, branch: work.branch };
}

async function newestWork(context: StepContext, steps: readonly Done[]): Promise<WriteOutputs | null> {
  for (const { id, outputs } of steps.toReversed()) {
    const written = WriteOutputs.safeParse(outputs).data;
    if (written) return written;
    if (CodegenOutputs.safeParse(outputs).data?.files.length) return commitWork(context, id);
  }
  return null;
}
