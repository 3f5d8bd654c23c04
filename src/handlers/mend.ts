import type { CodeTask } from '../agent/port.ts';
import type { Ground } from '../domain/change-set.ts';
import { gateOf } from '../domain/plan.ts';
import type { Repair } from '../domain/repair.ts';
import type { Failure } from '../domain/run.ts';
import { InternalError } from '../errors.ts';
import type { ContentChange } from '../workspace/port.ts';
import { changeOf } from './change-set.ts';
import { GateOutputs } from './gate.ts';
import type { StepContext } from './handler.ts';

/** How much of what a gate printed a model is given, in characters. */
const OUTPUT_LIMIT = 20_000;

/** What an earlier step has made of a change, for one that goes on from it. */
export type Earlier = {
  changes: ContentChange[];
  /** what they stand on, and so what comes of them */
  ground: Ground;
  /** what the model hears of it */
  told: NonNullable<CodeTask['done']>;
  /** the failure of the gate whose findings are to be mended; null where the work just goes on */
  found: Failure | null;
};

/** Reads it; null where a step begins from nothing. */
export async function readEarlier(
  context: StepContext,
  { fromStep, repairs }: { fromStep?: string | undefined; repairs?: Repair | undefined },
): Promise<Earlier | null> {
  if (fromStep === undefined) return null;
  const { changes, changeSet } = await changeOf(context, fromStep);
  const { files, summary, ...ground } = changeSet;
  if (repairs === undefined) return { changes, ground, found: null, told: { changes: files, summary, found: null } };
  const { tool, failure, outputs } = await context.stepNamed(repairs.gate);
  if (failure === null) throw new InternalError(`"${repairs.gate}" has not failed, so there is nothing to mend.`);
  const { command, exitCode, tail, annotations, base } = GateOutputs.parse(outputs);
  // What is wrong without the change as well is not its to mend, where the two can be told apart.
  const wrong = base?.compared === 'more' ? base.fresh.flatMap((at) => annotations[at] ?? []) : annotations;
  const found = {
    gate: gateOf(tool) ?? repairs.gate,
    command: command ?? '',
    exitCode,
    output: tail.slice(-OUTPUT_LIMIT),
    lines: wrong.map(({ path, line, message }) => ({ path, line, message })),
    base: base && { compared: base.compared, output: base.tail.slice(-OUTPUT_LIMIT) },
    number: repairs.number,
    of: repairs.of,
  };
  return { changes, ground, found: failure, told: { changes: files, summary, found } };
}

/** Whether two change sets of one base come to the same files. */
export function areSame(one: readonly ContentChange[], other: readonly ContentChange[]): boolean {
  return one.length === other.length && one.every((change, at) => isSame(change, other[at]!));
}

function isSame(one: ContentChange, other: ContentChange): boolean {
  if (one.path !== other.path || one.status !== other.status) return false;
  if (one.status === 'deleted' || other.status === 'deleted') return true;
  return one.mode === other.mode && one.previousPath === other.previousPath && one.bytes.equals(other.bytes);
}

/** Why the run ends where an attempt to mend came to nothing; `why`, where it was stopped before its end. */
export function gaveUp({ found, told }: Earlier, why: Failure | null): Failure {
  if (found === null || told.found === null) throw new InternalError('there was nothing to mend');
  const { number } = told.found;
  const times = number === 1 ? 'once' : `${number} times`;
  const how = why === null ? ', and found nothing more to change.' : `. The last attempt ended early: ${why.message}`;
  return { ...(why ?? found), message: `${found.message} NOFX tried ${times} to mend it${how}` };
}
