import { z } from 'zod';
import { accessOf } from './access.ts';
import { commitMeta, loadChangeSet, type WriteOutputs } from './change-set.ts';
import { defineHandler } from './handler.ts';

/** Writes a codegen step's artifacts, verified, into the run's workspace and commits them. */
export const workspaceWrite = defineHandler({
  inputs: z.looseObject({ fromStep: z.string() }),
  timeLimitMs: 5 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { run, adapters, inputs } = context;
    const { stepId } = await context.outputsOf(inputs.fromStep);
    const { changeSet, changes } = await loadChangeSet(context, stepId);
    const workspace = await adapters.workspaces.openWorkspace(accessOf(context), {
      key: run.id,
      base: run.baseSha,
      branch: run.branch,
      protectedPaths: run.config.protectedPaths,
    });
    const { sha } = await workspace.commit(changes, await commitMeta(context, changeSet));
    const outputs: WriteOutputs = { sha, branch: run.branch, codegenStepId: stepId };
    return { status: 'succeeded', outputs };
  },
});
