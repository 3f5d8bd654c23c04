import type { Run } from '../db/runs.ts';
import type { Step } from '../db/steps.ts';
import type { RunDemand } from './demand.ts';

/** What of a run is asked for once more when it is done again: the same words, with what was said beside lines. */
export function askedAgain(
  { source }: Pick<Run, 'source'>,
  steps: readonly Pick<Step, 'tool'>[],
): Pick<RunDemand, 'prompt' | 'options' | 'remarks' | 'planFirst'> {
  const { prompt, options = {}, remarks } = source;
  // Whoever wanted to see a plan then wants to see one now.
  const planned = steps.some(({ tool }) => tool === 'plan');
  return { prompt, options, remarks, ...(planned && { planFirst: true }) };
}
