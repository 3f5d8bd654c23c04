import type { Kept } from '../domain/kept.ts';
import { keepWork } from '../handlers/keep-work.ts';
import type { Deps } from './deps.ts';
import type { Held } from './held.ts';
import { lateContext, type Ends } from './step-context.ts';

type Outputs = Record<string, unknown>;

/**
 * The outputs of a cancelled run's last step, with where its work was kept. That it could not be kept does not keep the
 * run from ending.
 */
export async function keeping(
  deps: Deps,
  held: Held,
  ends: Ends,
  outputs: Outputs,
): Promise<Outputs & { kept?: Kept }> {
  const context = lateContext(deps, held, ends);
  if (context === null) return outputs;
  try {
    const kept = await keepWork(
      context,
      held.steps.map((step) => (step.id === held.step.id ? { ...step, outputs } : step)),
    );
    return kept === null ? outputs : { ...outputs, kept };
  } catch (error) {
    if (ends.job.aborted) throw error;
    context.log.warn({ err: error }, 'the work of a cancelled run could not be kept');
    return outputs;
  }
}
