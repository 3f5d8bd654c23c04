import type { Kept } from '../domain/kept.ts';
import { CodegenOutputs } from './codegen.ts';
import { commitWork, WriteOutputs } from './change-set.ts';
import type { StepContext } from './handler.ts';
import { pushWork } from './push-work.ts';

/** A step of the run, as far as it has come. */
type Done = { id: string; outputs: Record<string, unknown> | null };

/**
 * Puts what a cancelled run has made so far on its branch: the commit there is, or else one of the newest change set.
 * Null where it has made nothing.
 */
export async function keepWork(context: StepContext, steps: readonly Done[]): Promise<Kept | null> {
  const written = newest(steps, ({ outputs }) => WriteOutputs.safeParse(outputs).data ?? null);
  const drafted = newest(steps, ({ id, outputs }) =>
    CodegenOutputs.safeParse(outputs).data?.files.length ? id : null,
  );
  const work = written ?? (drafted === null ? null : await commitWork(context, drafted));
  if (work === null) return null;
  await pushWork(context, work);
  return { sha: work.sha, branch: work.branch };
}

function newest<S, T>(steps: readonly S[], find: (step: S) => T | null): T | null {
  for (const step of steps.toReversed()) {
    const found = find(step);
    if (found !== null) return found;
  }
  return null;
}
