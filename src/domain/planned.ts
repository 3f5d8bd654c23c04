import { createHash } from 'node:crypto';
import type { ModelPlan } from './model-plan.ts';
import {
  canonicalJson,
  handInSteps,
  isManual,
  preparePlan,
  standardPlan,
  type PlanResult,
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
};

/** The tools of planned steps: those of the model, and those that follow by themselves. */
const TOOLS = ['codegen', 'workspace:write', 'gate:*', 'git_pr', 'git_push', 'manual:*'];

/** Names that later steps of a run get by themselves. */
const RESERVED = /^(?:repair|write|push)(?:-\d+)?$|^pull_request$/;

/** The steps that a run of this plan gets behind the one that planned it: the question, the plan's own, then tests and pull request. */
export function plannedSteps(plan: ModelPlan, planning: Planning): PlanResult {
  const wrong = [...ownRules(plan), ...orderProblems(plan)];
  if (wrong.length > 0) return { ok: false, errors: wrong };
  return withQuestion(planning, [...chain(plan, planning), ...handIn(plan, planning)]);
}

/** The same where the model has made no plan: what every run does. */
export function templateSteps(planning: Planning): PlanResult {
  return withQuestion(planning, standardPlan(planning).steps);
}

function withQuestion({ goal }: Planning, steps: PlanStep[]): PlanResult {
  return preparePlan({ goal, steps: [APPROVE_STEP, ...steps] }, TOOLS, [PLAN_STEP.name]);
}

function ownRules({ steps }: ModelPlan): string[] {
  const tools = steps
    .filter(({ tool }) => tool !== 'codegen' && !isManual(tool))
    .map(({ name, tool }) => `step "${name}": unknown tool "${tool}"; known are codegen and manual:<word>`);
  const names = steps
    .filter(({ name }) => RESERVED.test(name))
    .map(({ name }) => `a step must not be named "${name}": NOFX has one of that name itself`);
  const code = steps.some(({ tool }) => tool === 'codegen') ? [] : ['a plan needs a codegen step'];
  return [...tools, ...names, ...code];
}

/** Names twice, dependencies on what is not there, cycles. */
function orderProblems({ goal, steps }: ModelPlan): string[] {
  const asked = steps.map(({ name, tool, depends_on: _dependsOn }) => ({ name, tool, inputs: { _dependsOn } }));
  const prepared = preparePlan({ goal, steps: asked }, ['codegen', 'manual:*'], [PLAN_STEP.name, APPROVE_STEP.name]);
  return prepared.ok ? [] : prepared.errors.filter((error) => !error.includes('unknown tool'));
}

/** The model's steps one after another, each behind those it depends on; each codegen goes on from the one before it. */
function chain(plan: ModelPlan, { prompt }: Planning): PlanStep[] {
  const sorted = inOrder(plan.steps);
  const pieces = sorted.filter(({ tool }) => tool === 'codegen');
  return sorted.map((step) => {
    const { name, title, tool } = step;
    if (tool !== 'codegen') return { name, tool, inputs: { title, prompt: step.prompt } };
    const at = pieces.indexOf(step);
    const before = pieces[at - 1];
    const task = pieceOf({ prompt, step, at, of: pieces.length });
    const goesOn = at < pieces.length - 1;
    const inputs = { title, prompt: task, ...(before && { fromStep: before.name }), ...(goesOn && { goesOn }) };
    return { name, tool, inputs, secrets_scope: 'model, github' };
  });
}

type ModelStep = ModelPlan['steps'][number];

/** As the model has them, but none before what it depends on. There is no cycle. */
function inOrder(steps: readonly ModelStep[]): ModelStep[] {
  const names = new Set(steps.map(({ name }) => name));
  const sorted: ModelStep[] = [];
  const isReady = ({ depends_on: needs }: ModelStep) =>
    needs.every((name) => !names.has(name) || sorted.some((step) => step.name === name));
  while (sorted.length < steps.length) sorted.push(steps.find((step) => !sorted.includes(step) && isReady(step))!);
  return sorted;
}

/** The task of one codegen step: what was asked stays what counts. */
function pieceOf({ prompt, step, at, of }: { prompt: string; step: ModelStep; at: number; of: number }): string {
  const which = of === 1 ? '' : `Step ${at + 1} of ${of}: do only this one, the others are done by themselves. `;
  return `${prompt}\n\nHow to do it, as was planned and approved. ${which}${step.title}\n\n${step.prompt}`;
}

function handIn(plan: ModelPlan, planning: Planning): PlanStep[] {
  const names = plan.steps.map(({ name }) => name);
  const last = inOrder(plan.steps).findLast(({ tool }) => tool === 'codegen')!;
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
