import { z } from 'zod';
import { budgetUsedUp, type BudgetLeft } from '../domain/budget.ts';
import { Estimate, estimate } from '../domain/estimate.ts';
import { allows } from '../domain/git-ops.ts';
import { PLANNED_OPERATIONS, type ModelPlan } from '../domain/model-plan.ts';
import { branchesOf, planHash, plannedSteps, templateSteps, type Planning } from '../domain/planned.ts';
import type { PreparedStep } from '../domain/plan.ts';
import { InternalError } from '../errors.ts';
import type { PlanOutcome, PlanTask } from '../agent/port.ts';
import { repositoryOf } from './access.ts';
import { askModel } from './ask-model.ts';
import { chooseCommands, readConventions, readRules } from './base-branch.ts';
import { defineHandler, type StepContext } from './handler.ts';

const PlanInputs = z.looseObject({});

/** What the step hands on: all that people are to know before they approve. */
export const PlanOutputs = z.object({
  /** of the steps it adds and of the base they are done from */
  hash: z.string(),
  baseSha: z.string(),
  by: z.enum(['model', 'template']),
  /** why the model made none; null where it did */
  why: z.string().nullable(),
  summary: z.string(),
  steps: z.array(z.object({ title: z.string(), prompt: z.string() })),
  files: z.array(z.string()),
  risks: z.array(z.string()),
  estimate: Estimate,
});
export type PlanOutputs = z.infer<typeof PlanOutputs>;

/**
 * Asks a model how the task would be done, and adds the steps of that to the run, behind a question to a person. Where
 * the model makes no plan that can be used they are those of every run.
 */
export const plan = defineHandler({
  inputs: PlanInputs,
  timeLimitMs: 15 * 60_000,
  secrets: ['model', 'github'],
  async run(context) {
    const { run } = context;
    const heads = new Map([[run.baseRef, run.baseSha]]);
    const planning: Planning = {
      goal: run.goal,
      prompt: run.source.prompt,
      gates: run.config.gates?.map(({ name }) => name),
      openPr: run.source.options?.openPr,
      gitMode: run.gitMode,
      baseRef: run.baseRef,
      heads,
    };
    const { result, left } = await makePlan(context, async (answer) => {
      const wrong = problemsOf(answer, planning);
      return wrong.length > 0 ? wrong : findHeads(context, branchesOf(answer, planning), heads);
    });
    if (result.outcome === 'stopped' && result.reason === 'budget') {
      const { perRunUsd } = run.config.budgets;
      return { status: 'failed', failure: budgetUsedUp(left, { perRunUsd, assumed: result.cost.usd === null }) };
    }
    const made = result.outcome === 'planned' ? result.plan : null;
    const steps = stepsOf(made, planning);
    const outputs: PlanOutputs = {
      hash: planHash(steps, run.baseSha),
      baseSha: run.baseSha,
      by: made ? 'model' : 'template',
      why: result.outcome === 'stopped' ? result.message : null,
      summary: made?.summary ?? '',
      steps: made?.steps.map(({ title, prompt }) => ({ title, prompt })) ?? [],
      files: made?.files ?? [],
      risks: made?.risks ?? [],
      estimate: estimate({
        recent: await context.figures(),
        pieces: steps.filter(({ tool }) => tool === 'codegen').length,
        outputTokens: made?.steps.reduce((sum, step) => sum + step.output_tokens, 0) ?? 0,
        price: context.adapters.agent?.priceOf(run.model) ?? null,
        leftUsd: left.usd,
      }),
    };
    return { status: 'succeeded', outputs, adds: steps };
  },
});

function problemsOf(answer: ModelPlan, planning: Planning): string[] {
  const made = plannedSteps(answer, planning);
  return made.ok ? [] : made.errors;
}

function stepsOf(answer: ModelPlan | null, planning: Planning): PreparedStep[] {
  const made = answer ? plannedSteps(answer, planning) : templateSteps(planning);
  if (!made.ok) throw new InternalError(`A plan that was checked does not fit: ${made.errors.join('; ')}`);
  return made.steps;
}

/** Looks up where branches stand, and keeps that. Gives what is wrong with their names. */
async function findHeads(
  context: StepContext,
  branches: readonly string[],
  heads: Map<string, string>,
): Promise<string[]> {
  const { github } = context.adapters;
  const wrong: string[] = [];
  for (const branch of branches.filter((name) => !heads.has(name))) {
    const head = await github.branchHead(repositoryOf(context), branch);
    if (head === null) wrong.push(`there is no branch "${branch}" in the repository`);
    else heads.set(branch, head);
  }
  return wrong;
}

async function makePlan(
  context: StepContext,
  check: PlanTask['check'],
): Promise<{ result: PlanOutcome; left: BudgetLeft }> {
  const { run, adapters } = context;
  const base = await readRules(context);
  const [commands, conventions, files] = await Promise.all([
    chooseCommands(run.config, base, adapters.registryHosts),
    readConventions(run.config, base),
    base.files(),
  ]);
  return askModel(context, (agent, common) =>
    agent.plan({
      ...common,
      prompt: run.source.prompt,
      conventions,
      files,
      gates: commands.gates.map(({ name, command }) => ({ name, command })),
      check,
      operations: PLANNED_OPERATIONS.filter((operation) => allows(run.gitMode, operation)),
      plainWords: run.gitMode === 'hidden',
      model: run.config.planner ?? run.model,
    }),
  );
}
