import { z } from 'zod';
import { commits, makesChange } from './hands-on.ts';
import { gateOf, MAX_STEPS, type PlanStep, type Policy } from './plan.ts';
import type { Failure, StepStatus } from './run.ts';
import { planned, standIns } from './stand-ins.ts';

/** What a codegen step says that mends what a gate found: the input `repairs`. */
export const Repair = z.object({
  /** the name of the step that failed */
  gate: z.string(),
  /** which attempt of how many */
  number: z.number().int().positive(),
  of: z.number().int().positive(),
});
export type Repair = z.infer<typeof Repair>;

type StepState = {
  name: string;
  tool: string;
  status: StepStatus;
  inputs: Record<string, unknown> & { _policy?: Policy; _replaces?: string | undefined };
};

/** Which attempt to mend something a step is; null where it is none. */
export function repairOf({ inputs }: Pick<StepState, 'inputs'>): Repair | null {
  return Repair.safeParse(inputs['repairs']).data ?? null;
}

/**
 * The steps that a run gets when a gate has failed: mend what it found, commit that, and every gate again that has begun, for
 * what is mended here may be broken there. Each stands in for the step it repeats, so that what was planned behind goes on
 * from it. None where it was tried as often as it may be, where the last attempt gave up, where something else of the run is
 * at work, or where the gate did not check a commit of a model's change. Pure.
 *
 * `failed` is one of the steps, which are in the run's order. `prompt` is what the run was asked for.
 */
export function planRepair<S extends StepState>(
  steps: readonly S[],
  failed: S,
  { maxRepairs, prompt }: { maxRepairs: number; prompt: string },
): PlanStep[] {
  const { newest, isReplaced } = standIns(steps);
  const source = (step: S) => newest(z.string().catch('').parse(step.inputs['fromStep']));
  const made = steps.filter((step) => repairOf(step) !== null);
  const write = source(failed);
  const draft = write && source(write);
  if (made.length >= maxRepairs || made.at(-1)?.status === 'neutral') return [];
  if (steps.some((step) => step !== failed && AT_WORK.includes(step.status))) return [];
  if (!write || !commits(write) || draft === undefined || !makesChange(draft.tool)) return [];

  const number = made.length + 1;
  const taken = new Set(steps.map(({ name }) => name));
  const nameOf = (stem: string) => freeName(stem, number, taken);
  const { filename, model, _policy } = draft.inputs;
  const repair: PlanStep = {
    name: nameOf('repair'),
    tool: 'codegen',
    inputs: {
      prompt,
      ...(filename !== undefined && { filename }),
      ...(model !== undefined && { model }),
      _policy: draft.tool === 'codegen' ? _policy : { secrets_scope: 'model, github' },
      fromStep: draft.name,
      repairs: { gate: failed.name, number, of: maxRepairs } satisfies Repair,
      _dependsOn: [],
    },
  };
  /** A step once more, known to those behind it as the one it repeats: should the next repair come before them, they wait for that. */
  const again = (step: S, fromStep: string, after: string): PlanStep => ({
    name: nameOf(planned(step)),
    tool: step.tool,
    inputs: { ...step.inputs, fromStep, _dependsOn: [after], _replaces: planned(step) },
  });
  const begun = steps.filter((step) => gateOf(step.tool) !== null && (step === failed || ENDED.includes(step.status)));
  const gates = begun.filter((gate) => !isReplaced(gate) && source(gate) === write);
  const added = [
    repair,
    again(write, repair.name, repair.name),
    ...gates.map((gate, at) => again(gate, planned(write), planned(gates[at - 1] ?? write))),
  ];
  return steps.length + added.length > MAX_STEPS ? [] : added;
}

const AT_WORK: readonly StepStatus[] = ['queued', 'running', 'waiting'];
const ENDED: readonly StepStatus[] = ['succeeded', 'neutral', 'failed'];

/** `test-1` for the first repeat of `test`: at most 64 characters, and nobody else's. */
function freeName(stem: string, number: number, taken: ReadonlySet<string>): string {
  for (let end = `-${number}`; ; end += '-') {
    const name = `${stem.slice(0, 64 - end.length)}${end}`;
    if (!taken.has(name)) return name;
  }
}

/** The failure of a gate that is not mended any more. */
export function afterRepairs(failure: Failure, steps: readonly Pick<StepState, 'inputs'>[]): Failure {
  const times = steps.filter((step) => repairOf(step) !== null).length;
  if (times === 0) return failure;
  return {
    ...failure,
    message: `${failure.message} NOFX tried ${times === 1 ? 'once' : `${times} times`} to mend it.`,
  };
}
