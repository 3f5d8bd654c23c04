import { z } from 'zod';
import { commitWork } from './change-set.ts';
import { defineHandler } from './handler.ts';

/** Writes a codegen step's artifacts, verified, into the run's workspace and commits them. */
export const workspaceWrite = defineHandler({
  inputs: z.looseObject({ fromStep: z.string() }),
  timeLimitMs: 5 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { stepId } = await context.outputsOf(context.inputs.fromStep);
    return { status: 'succeeded', outputs: await commitWork(context, stepId) };
  },
});
