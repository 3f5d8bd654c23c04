import { z } from 'zod';
import { InternalError, UserError } from '../errors.ts';
import { loadChangeSet } from './change-set.ts';
import { collect } from './codegen.ts';
import { defineHandler } from './handler.ts';

/**
 * Takes over the change set that a step of an earlier run has made from the same base, so that it is not made and paid for again.
 * What no unfinished run needs goes when it is old: a run that was asked for in that very moment finds nothing to take over.
 */
export const reuse = defineHandler({
  inputs: z.looseObject({ stepId: z.string() }),
  timeLimitMs: 10 * 60_000,
  secrets: [],
  async run(context) {
    const { changeSet, changes } = await loadChangeSet(context, context.inputs.stepId).catch((cause: unknown) => {
      if (!(cause instanceof InternalError)) throw cause;
      throw new UserError(
        'The code that was to be taken over from an earlier run is no longer there, or is not what was stored.',
        'Comment `/nofx retry`, or ask for a new run: then the code is written anew.',
        { cause },
      );
    });
    const { base, merged, summary } = changeSet;
    // The branch was that of the other run.
    return collect(context, { changes, summary, ground: { base, merged } });
  },
});
