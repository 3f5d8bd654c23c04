import { findArtifact } from '../db/artifacts.ts';
import type { Run } from '../db/runs.ts';
import type { Step } from '../db/steps.ts';
import { CHANGE_SET_ARTIFACT, WriteOutputs } from '../handlers/change-set.ts';
import type { Reuse } from './demand.ts';
import type { Deps } from './deps.ts';

/** The code that a retry from a step on takes over: what was written before it. Null where it is to be written anew. */
export async function reusable(
  { db }: Pick<Deps, 'db'>,
  { run, steps }: { run: Run; steps: readonly Step[] },
  from: Pick<Step, 'position'>,
): Promise<Reuse | null> {
  const written = steps
    .toReversed()
    .filter(({ position }) => position < from.position)
    .flatMap(({ outputs }) => WriteOutputs.safeParse(outputs).data ?? [])[0];
  if (!written) return null;
  // What is older than it is kept is gone; then it is written anew.
  if ((await findArtifact(db, written.codegenStepId, CHANGE_SET_ARTIFACT)) === null) return null;
  return { stepId: written.codegenStepId, baseRef: run.baseRef, baseSha: run.baseSha };
}
