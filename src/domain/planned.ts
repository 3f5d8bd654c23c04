import { createHash } from 'node:crypto';
import { argumentMistakes, modeErrors } from './git-ops.ts';
import { wordsOf } from './mistake.ts';
import type { ModelPlan } from './model-plan.ts';
import { inOrder } from './order.ts';
import type { GitMode } from './project.ts';
import {
  canonicalJson,
  handInSteps,
  isManual,
  preparePlan,
  standardPlan,
  type PlanStep,
  type PreparedStep,
} from './plan.ts';

/** The step at which a run waits until somebody has approved its plan, and the tool of it. */
export const APPROVE_STEP: PlanStep = { name: 'approve', tool: 'manual:plan' };

/** The plan of a run that makes its plan first: all else follows from it. */
export const PLAN_STEP: PlanStep = { name: 'plan', tool: 'plan', secrets_scope: 'model, github' };

/** What the planned steps are made for. */
export type Planning = {
  goal: string;
  /** what the person asked */
  prompt: string;
  /** in this order; see `standardPlan` */
  gates?: readonly string[] | undefined;
  openPr?: boolean | undefined;
  /** says which git operations there may be; none beyond those for everybody unless told */
  gitMode?: GitMode | undefined;
  /** the branch that the run starts from */
  baseRef: string;
  /** where branches stand, by their names: a step that reads one of them reads this commit of it */
  heads?: ReadonlyMap<string, string>;
};

/** The steps as they will be done, or all that is wrong with them, in words. */
export type PlannedSteps = { ok: true; steps: PreparedStep[] } | { ok: false; errors: string[] };

/** The tools of planned steps: those of the model, and those that follow by themselves. */
const TOOLS = ['codegen', 'workspace:write', 'gate:*', 'git_ops', 'git_pr', 'git_push', 'manual:*'];

/** Names that later steps of a run get by themselves. */
const RESERVED = /^(?:repair|write|push)(?:-\d+)?$|^pull_request$/;

/** The steps that a run of this plan gets behind the one that planned it: the question, the plan's own, then tests and pull request. */
export function plannedSteps(plan: ModelPlan, planning: Planning): PlannedSteps {
  const wrong = [...ownRules(plan, planning), ...orderProblems(plan)];
  if (wrong.length > 0) return { ok: false, errors: wrong };
  return withQuestion(planning, [...chain(plan, planning), ...handIn(plan, planning)]);
}

/** The same where the model has made no plan: what every run does. */
export function templateSteps(planning: Planning): PlannedSteps {
  return withQuestion(planning, standardPlan(planning).steps);
}

function withQuestion({ goal }: Planning, steps: PlanStep[]): PlannedSteps {
  const prepared = preparePlan({ goal, steps: [APPROVE_STEP, ...steps] }, TOOLS, [PLAN_STEP]);
  return prepared.ok ? prepared : { ok: false, errors: wordsOf(prepared.mistakes) };
}

function ownRules({ steps }: ModelPlan, planning: Planning): string[] {
  const { gitMode = 'hidden' } = planning;
  const tools = steps
    .filter(({ tool }) => !isWork(tool) && !isManual(tool))
    .map(({ name, tool }) => `step "${name}": unknown tool "${tool}"; known are codegen, git_ops and manual:<word>`);
  const names = steps
    .filter(({ name }) => RESERVED.test(name))
    .map(({ name }) => `a step must not be named "${name}": NOFX has one of that name itself`);
  const work = steps.some(({ tool }) => isWork(tool)) ? [] : ['a plan needs a codegen step, or a git_ops one'];
  const operations = steps.filter(({ tool }) => tool === 'git_ops').map((step) => gitStep(step, planning));
  return [...tools, ...names, ...work, ...wordsOf(argumentMistakes(operations)), ...modeErrors(operations, gitMode)];
}

/** Whether a step with this tool makes a part of the change. */
function isWork(tool: string): boolean {
  return tool === 'codegen' || tool === 'git_ops';
}

/** The branches that a plan reads. */
export function branchesOf({ steps }: ModelPlan, { baseRef }: Pick<Planning, 'baseRef'>): string[] {
  return [...new Set(steps.flatMap((step) => branchOf(step, baseRef) ?? []))];
}

/** The branch that a step reads; null where that is none. */
function branchOf({ git }: ModelStep, baseRef: string): string | null {
  return git && git.operation !== 'revert' ? (git.branch ?? baseRef) : null;
}

/** A git operation in the words of plans. What it is called is ours to say: people approve what is done. */
function gitStep(step: ModelStep, { baseRef, heads }: Planning): PlanStep {
  const { name, tool, git } = step;
  const { operation, commit } = git ?? {};
  const branch = branchOf(step, baseRef);
  const at = branch === null ? undefined : heads?.get(branch);
  const field = operation === 'rebase' ? 'onto_branch' : 'source_branch';
  const inputs = {
    operation,
    ...(branch !== null && { [field]: branch }),
    ...(commit != null && { commit_sha: commit }),
    ...(at !== undefined && { _at: at }),
  };
  return { name, tool, inputs, secrets_scope: 'github' };
}

/** Names twice, dependencies on what is not there, cycles. */
function orderProblems({ goal, steps }: ModelPlan): string[] {
  const asked = steps.map(({ name, tool, depends_on: _dependsOn }) => ({
    name,
    // Only the order is looked at.
    tool: isWork(tool) ? 'codegen' : tool,
    inputs: { _dependsOn },
  }));
  const prepared = preparePlan({ goal, steps: asked }, ['codegen', 'manual:*'], [PLAN_STEP, APPROVE_STEP]);
  return prepared.ok ? [] : wordsOf(prepared.mistakes).filter((error) => !error.includes('unknown tool'));
}

/** The model's steps one after another, each behind those it depends on; each that makes a part of the change goes on from the one before it. */
function chain(plan: ModelPlan, planning: Planning): PlanStep[] {
  const sorted = inOrder(plan.steps, needsOf);
  const pieces = sorted.filter(({ tool }) => tool === 'codegen');
  const work = sorted.filter(({ tool }) => isWork(tool));
  return sorted.map((step) => {
    const { name, title, tool } = step;
    const before = work[work.indexOf(step) - 1];
    const from = before && { fromStep: before.name };
    if (tool === 'git_ops') {
      const { inputs, ...operation } = gitStep(step, planning);
      return { ...operation, inputs: { ...inputs, ...from } };
    }
    if (tool !== 'codegen') return { name, tool, inputs: { title, prompt: step.prompt } };
    const at = pieces.indexOf(step);
    const task = pieceOf({ prompt: planning.prompt, step, at, of: pieces.length });
    const goesOn = step !== work.at(-1);
    const inputs = { title, prompt: task, ...from, ...(goesOn && { goesOn }) };
    return { name, tool, inputs, secrets_scope: 'model, github' };
  });
}

type ModelStep = ModelPlan['steps'][number];

function needsOf({ depends_on: needs }: ModelStep): string[] {
  return needs;
}

/** The task of one codegen step: what was asked stays what counts. */
function pieceOf({ prompt, step, at, of }: { prompt: string; step: ModelStep; at: number; of: number }): string {
  const which = of === 1 ? '' : `Step ${at + 1} of ${of}: do only this one, the others are done by themselves. `;
  return `${prompt}\n\nHow to do it, as was planned and approved. ${which}${step.title}\n\n${step.prompt}`;
}

function handIn(plan: ModelPlan, planning: Planning): PlanStep[] {
  const names = plan.steps.map(({ name }) => name);
  const last = inOrder(plan.steps, needsOf).findLast(({ tool }) => isWork(tool))!;
  return handInSteps({ ...planning, fromStep: last.name }, [APPROVE_STEP.name, ...names]);
}

/**
 * What an approval is bound to: the steps as they will be done, and the commit they are done from. Changes with the least
 * of either.
 */
export function planHash(steps: readonly Pick<PreparedStep, 'name' | 'tool' | 'inputs'>[], baseSha: string): string {
  const content = { baseSha, steps: steps.map(({ name, tool, inputs }) => ({ name, tool, inputs })) };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** Whether a text is so much of a hash that nobody types it by chance. */
export function isHashOf(hash: string, text: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(text) && hash.startsWith(text.toLowerCase());
}

/** As much of a plan's hash as people see and type. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8);
}
