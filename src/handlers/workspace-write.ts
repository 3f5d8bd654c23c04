import { z } from 'zod';
import { commitStep } from './change-set.ts';
import { defineHandler } from './handler.ts';

/** Writes a step's artifacts, verified, into the run's workspace and commits them. */
export const workspaceWrite = defineHandler({
  inputs: z.looseObject({ fromStep: z.string() }),
  timeLimitMs: 5 * 60_000,
  secrets: ['github'],
  run: (context) => commitStep(context, context.inputs.fromStep),
});
