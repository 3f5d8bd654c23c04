import { checkPolicy } from '../domain/policy.ts';
import { UserError } from '../errors.ts';
import type { StepOutcome } from '../handlers/handler.ts';
import { handlerOf } from '../handlers/registry.ts';
import type { Deps } from './deps.ts';
import type { Held } from './held.ts';
import { createStepContext, lateContext, type Ends } from './step-context.ts';

/**
 * Runs a claimed step's handler under its policy and its time limit. A step that outlives the limit
 * has failed; one aborted from outside throws, and the caller knows why.
 */
export async function runHandler(deps: Deps, held: Held, ends: Ends): Promise<StepOutcome> {
  const { step } = held;
  const handler = handlerOf(step.tool);
  if (!handler) {
    throw new UserError(`This version of NOFX has no tool "${step.tool}".`, 'Start the run again.');
  }
  const refused = checkPolicy(step, step.inputs._policy, handler.secrets);
  if (refused) return { status: 'failed', failure: refused };
  const inputs = handler.inputs.safeParse(step.inputs);
  if (!inputs.success) {
    const problems = inputs.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new UserError(
      `The inputs of step "${step.name}" are not what ${step.tool} takes: ${problems}.`,
      'Correct the plan.',
    );
  }

  const limit = AbortSignal.timeout(handler.timeLimitMs);
  const aborted = AbortSignal.any([ends.job, ends.cancel]);
  const signal = AbortSignal.any([aborted, limit]);
  const context = createStepContext(deps, held, signal, () => lateContext(deps, held, ends));
  try {
    return await handler.run({ ...context, inputs: inputs.data });
  } catch (error) {
    if (!limit.aborted || aborted.aborted) throw error;
    const minutes = Math.round(handler.timeLimitMs / 60_000);
    return {
      status: 'failed',
      failure: {
        kind: 'timeout',
        message: `Step "${step.name}" was stopped after its ${minutes} minutes.`,
        next: 'Comment `/nofx <something smaller>`, or `/nofx retry`.',
      },
    };
  }
}
