import { randomBytes } from 'node:crypto';
import type { NewStep } from '../db/steps.ts';
import { idempotencyKey, type PreparedStep } from '../domain/plan.ts';

/** The rows of a run's steps, none of them begun. `from` is the place of the first. */
export function newSteps(runId: string, steps: readonly PreparedStep[], from = 0): NewStep[] {
  return steps.map((step, index) => ({
    id: newId('step'),
    runId,
    position: from + index,
    name: step.name,
    tool: step.tool,
    inputs: step.inputs,
    dependsOn: step.inputs._dependsOn,
    status: 'pending',
    idempotencyKey: idempotencyKey(runId, step),
  }));
}

export function newId(kind: 'run' | 'step' | 'p'): string {
  return `${kind}_${randomBytes(9).toString('hex')}`;
}
