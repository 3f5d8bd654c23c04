import type { Executor } from '../db/client.ts';
import type { NewEvent } from '../db/events.ts';
import type { Run } from '../db/runs.ts';
import { insertSteps, listSteps, makeRoom } from '../db/steps.ts';
import { wordsOf } from '../domain/mistake.ts';
import { preparePlan, type PlanStep } from '../domain/plan.ts';
import { InternalError } from '../errors.ts';
import { knownTools } from '../handlers/registry.ts';
import { newSteps } from './new-steps.ts';

/**
 * Adds steps to a run that is not over, behind those it has or right `behind` one of them, and gives the events of it, for the `moveOn` that is to
 * follow in the same transaction: it starts those that are ready. The caller holds the run's lock. A first step that
 * names no dependencies follows the run's last one.
 *
 * InternalError where the steps do not fit the run: whoever makes them checks them with `preparePlan`.
 */
export async function appendSteps(
  tx: Executor,
  run: Pick<Run, 'id' | 'goal'>,
  steps: readonly PlanStep[],
  { behind }: { behind?: string } = {},
): Promise<NewEvent[]> {
  if (steps.length === 0) return [];
  const existing = await listSteps(tx, run.id);
  const plan = { goal: run.goal, steps };
  const prepared = preparePlan(plan, knownTools, existing);
  if (!prepared.ok)
    throw new InternalError(`Steps that do not fit ${run.id}: ${wordsOf(prepared.mistakes).join('; ')}`);
  const { position: place } = existing.find(({ id }) => id === behind) ?? existing.at(-1)!;
  const rows = newSteps(run.id, prepared.steps, place + 1);
  await makeRoom(tx, run.id, place, rows.length);
  await insertSteps(tx, rows);
  return rows.map(({ id, name, tool }) => ({ type: 'step.added', stepId: id, payload: { name, tool } }));
}
