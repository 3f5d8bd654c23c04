import type { Ground } from '../domain/change-set.ts';
import { InternalError } from '../errors.ts';
import type { ContentChange } from '../workspace/port.ts';
import { changeOf, WriteOutputs, type Draft } from './change-set.ts';
import { collect, goOn } from './codegen.ts';
import type { StepContext, StepOutcome } from './handler.ts';

/** What the run has made up to a step. `stepId`: whose change set it is; null before there is one. */
export type Change = { changes: ContentChange[]; summary: string; ground: Ground; stepId: string | null };

type Source = { fromStep?: string | undefined };

/** The change that a git operation goes on from; none yet where its plan begins with it. */
export async function soFar(context: StepContext, { fromStep }: Source): Promise<Change> {
  if (fromStep === undefined) return { changes: [], summary: '', ground: { base: context.run.baseSha }, stepId: null };
  const { changes, changeSet, stepId } = await changeOf(context, fromStep);
  const { base, merged, branch, summary } = changeSet;
  return { changes, summary, ground: { base, merged, branch }, stepId };
}

/** The commit that a git operation goes on from; null where nothing is committed yet. */
export async function committed(context: StepContext, { fromStep }: Source): Promise<WriteOutputs | null> {
  if (fromStep === undefined) return null;
  return WriteOutputs.safeParse((await context.outputsOf(fromStep)).outputs).data ?? null;
}

/** The same for an operation that its plan had to give one. */
export async function commitFor(context: StepContext, source: Source): Promise<WriteOutputs> {
  const written = await committed(context, source);
  if (written === null) throw new InternalError(`"${context.step.name}" was planned without a commit before it.`);
  return written;
}

/** Hands a change on; also one that has come to nothing, for others may go on from there. */
export async function handOn(context: StepContext, draft: Draft): Promise<StepOutcome> {
  return goOn(context, await collect(context, draft), draft.ground);
}
