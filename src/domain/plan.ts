import { createHash } from 'node:crypto';
import { z } from 'zod';
import { argumentMistakes } from './git-ops.ts';
import { mistakeIn, type Mistake } from './mistake.ts';
import { sortSteps } from './order.ts';
import { withSources, type Existing } from './sources.ts';

export const MAX_STEPS = 50;

/** A step's limits. Each is enforced before the step's handler sees anything. */
export const Policy = z.object({
  /** When not empty, the step's tool must be one of these. */
  tools_allowed: z.array(z.string()).optional(),
  /** Names of environment variables the step's inputs may ask for. */
  env_allowed: z.array(z.string()).optional(),
  /** `all` (default), `none`, or secrets by name, separated by commas: `model`, `github`. */
  secrets_scope: z.string().optional(),
});
export type Policy = z.infer<typeof Policy>;

const StepName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_:-]{0,63}$/, 'a step name is a letter, then up to 63 letters, digits, "_", ":" or "-"');

export const PlanStep = z
  .object({
    name: StepName,
    tool: z.string(),
    inputs: z
      .object({
        _dependsOn: z.array(z.string()).optional(),
        _policy: Policy.optional(),
        /** the step of the plan that this one was added in the stead of */
        _replaces: z.string().optional(),
      })
      .catchall(z.unknown())
      .optional(),
  })
  .extend(Policy.shape);
export type PlanStep = z.infer<typeof PlanStep>;

export const Plan = z.object({
  goal: z.string().min(1),
  steps: z.array(PlanStep).min(1, 'a plan needs a step').max(MAX_STEPS, `a plan has at most ${MAX_STEPS} steps`),
});
export type Plan = z.infer<typeof Plan>;

/** A step ready to be stored: dependencies explicit, policy gathered. */
export type PreparedStep = {
  name: string;
  tool: string;
  /** as given, with `_dependsOn` and `_policy` filled in */
  inputs: Record<string, unknown> & { _dependsOn: string[]; _policy: Policy; _replaces?: string | undefined };
};

export type PlanResult = { ok: true; goal: string; steps: PreparedStep[] } | { ok: false; mistakes: Mistake[] };

/**
 * Checks a plan and makes its defaults explicit, or lists everything wrong with it.
 * A step that names no dependencies follows the one before it; `_dependsOn: []` starts at once.
 *
 * `before` are the steps that a run has already, in its order, where these are added to them: they may be depended on and
 * gone on from, keep their names for themselves, and count against the limit.
 */
export function preparePlan(
  input: unknown,
  knownTools: readonly string[],
  before: readonly Existing[] = [],
): PlanResult {
  const parsed = Plan.safeParse(input);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      message: `${path.join('.') || 'plan'}: ${message}`,
    }));
    return { ok: false, mistakes };
  }
  const { goal } = parsed.data;
  const given = parsed.data.steps.map((step, index) =>
    prepareStep(step, index === 0 ? before.at(-1)?.name : parsed.data.steps[index - 1]!.name),
  );
  const { steps, mistakes: wrongSources } = withSources(given, before);
  const earlier = before.map(({ name }) => name);
  const mistakes = [
    ...sizeMistakes(steps, earlier),
    ...nameMistakes(steps, earlier),
    ...toolMistakes(steps, knownTools),
    ...dependencyMistakes(steps, earlier),
    ...argumentMistakes(steps),
    ...wrongSources,
  ];
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, goal, steps };
}

function prepareStep(step: PlanStep, previous: string | undefined): PreparedStep {
  const given = step.inputs?._policy ?? {};
  const _policy: Policy = {
    tools_allowed: step.tools_allowed ?? given.tools_allowed,
    env_allowed: step.env_allowed ?? given.env_allowed,
    secrets_scope: step.secrets_scope ?? given.secrets_scope,
  };
  const _dependsOn = step.inputs?._dependsOn ?? (previous === undefined ? [] : [previous]);
  return { name: step.name, tool: step.tool, inputs: { ...step.inputs, _dependsOn, _policy } };
}

function sizeMistakes(steps: PreparedStep[], before: readonly string[]): Mistake[] {
  const all = before.length + steps.length;
  if (all <= MAX_STEPS) return [];
  return [
    { field: 'steps', message: `with what it has, the run would have ${all} steps, and ${MAX_STEPS} is the most` },
  ];
}

function nameMistakes(steps: PreparedStep[], before: readonly string[]): Mistake[] {
  const seen = new Set<string>(before);
  return steps.flatMap(({ name }, at) => {
    if (seen.has(name)) return [{ field: `steps.${at}.name`, message: `two steps are named "${name}"` }];
    seen.add(name);
    return [];
  });
}

function toolMistakes(steps: PreparedStep[], knownTools: readonly string[]): Mistake[] {
  return steps.flatMap((step, at) => {
    const { tool } = step;
    if (knownTools.includes(tool) || knownTools.includes(kindOf(tool))) return [];
    return [mistakeIn(step, at, 'tool', `unknown tool "${tool}"; known are ${knownTools.join(', ')}`)];
  });
}

/** A tool as tools are listed: those of one kind under one entry. */
function kindOf(tool: string): string {
  if (gateOf(tool) !== null) return 'gate:*';
  return isManual(tool) ? 'manual:*' : tool;
}

function dependencyMistakes(steps: PreparedStep[], before: readonly string[]): Mistake[] {
  const names = new Set([...before, ...steps.map((step) => step.name)]);
  const unknown = steps.flatMap((step, at) =>
    step.inputs._dependsOn
      .filter((dependency) => !names.has(dependency))
      .map((dependency) => ({
        field: `steps.${at}.inputs._dependsOn`,
        message: `step "${step.name}" depends on "${dependency}", which is not in the plan`,
      })),
  );
  return unknown.length > 0 ? unknown : cycleMistakes(steps);
}

function cycleMistakes(steps: PreparedStep[]): Mistake[] {
  const { stuck } = sortSteps(steps, ({ inputs }) => inputs._dependsOn);
  if (stuck.length === 0) return [];
  const all = stuck.map(({ name }) => name).join(', ');
  return [{ field: 'steps', message: `these steps wait for each other: ${all}` }];
}

/** `{runId}:{stepName}:{hash(inputs)}`: the same step asked twice is one step. */
export function idempotencyKey(runId: string, step: { name: string; inputs: unknown }): string {
  const hash = createHash('sha256').update(canonicalJson(step.inputs)).digest('hex').slice(0, 12);
  return `${runId}:${step.name}:${hash}`;
}

/** JSON with sorted keys, so that equal inputs hash equally. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Whether a step with this tool waits for a person's yes: `manual:approve`, `manual:deploy`. */
export function isManual(tool: string): boolean {
  return /^manual:[a-z][a-z0-9_-]{0,29}$/.test(tool);
}

/** The name of the gate that a tool is, `test` for `gate:test`; null for every other tool. */
export function gateOf(tool: string): string | null {
  return /^gate:([a-z][a-z0-9_-]{0,29})$/.exec(tool)?.[1] ?? null;
}

/**
 * The plan of a `/nofx` comment or label: generate, write, run the gates (their names, in this order; `test` alone
 * unless told), open a pull request, or with `openPr: false` just push the branch.
 */
export function standardPlan(request: {
  goal: string;
  prompt: string;
  filename?: string;
  /** the step of an earlier run whose change set is taken instead of a new one */
  reuse?: string | undefined;
  gates?: readonly string[] | undefined;
  openPr?: boolean | undefined;
}): Plan {
  const codegen: PlanStep =
    request.reuse === undefined
      ? {
          name: 'codegen',
          tool: 'codegen',
          inputs: { prompt: request.prompt, filename: request.filename },
          secrets_scope: 'model, github',
        }
      : { name: 'codegen', tool: 'reuse', inputs: { stepId: request.reuse }, secrets_scope: 'none' };
  return {
    goal: request.goal,
    steps: [codegen, ...handInSteps({ ...request, fromStep: codegen.name }, [codegen.name])],
  };
}

/** What follows the code of any plan: write what `fromStep` has made, run the gates, open a pull request (or just push). */
export function handInSteps(
  request: { fromStep: string; gates?: readonly string[] | undefined; openPr?: boolean | undefined },
  before: readonly string[],
): PlanStep[] {
  const steps: PlanStep[] = [
    { name: 'write', tool: 'workspace:write', inputs: { fromStep: request.fromStep }, secrets_scope: 'github' },
  ];
  for (const gate of request.gates ?? ['test']) {
    const tool = `gate:${gate}`;
    const taken = [...before, 'write', 'pull_request', 'push'].includes(gate);
    steps.push({ name: taken ? tool : gate, tool, inputs: { fromStep: 'write' }, secrets_scope: 'github' });
  }
  const last = (request.openPr ?? true) ? { name: 'pull_request', tool: 'git_pr' } : { name: 'push', tool: 'git_push' };
  steps.push({ ...last, inputs: { fromStep: 'write' }, secrets_scope: 'github' });
  return steps;
}
