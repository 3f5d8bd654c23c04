import { z } from 'zod';
import { loadChangeSet } from './change-set.ts';
import { collect } from './codegen.ts';
import { defineHandler } from './handler.ts';

/** Takes over the change set that a step of an earlier run has made from the same base, so that it is not made and paid for again. */
export const reuse = defineHandler({
  inputs: z.looseObject({ stepId: z.string() }),
  timeLimitMs: 10 * 60_000,
  secrets: [],
  async run(context) {
    const { changeSet, changes } = await loadChangeSet(context, context.inputs.stepId);
    const { base, merged, summary } = changeSet;
    // The branch was that of the other run.
    return collect(context, { changes, summary, ground: { base, merged } });
  },
});
