import { z } from 'zod';
import type { Executor } from '../db/client.ts';
import { countAhead, getRun, type Run } from '../db/runs.ts';
import { listSteps, type Step } from '../db/steps.ts';
import type { FileView, GateView, Question, RunView, StepView } from '../domain/report.ts';
import type { StepStatus } from '../domain/run.ts';
import { GitOp } from '../domain/git-ops.ts';
import { makesChange } from '../domain/hands-on.ts';
import { gateOf } from '../domain/plan.ts';
import { repairOf } from '../domain/repair.ts';
import { Kept } from '../domain/kept.ts';
import { RunConfig } from '../domain/run-config.ts';
import { InternalError } from '../errors.ts';
import { WriteOutputs } from '../handlers/change-set.ts';
import { CodegenOutputs } from '../handlers/codegen.ts';
import { GateOutputs } from '../handlers/gate.ts';
import { OutputSoFar } from '../handlers/live-output.ts';
import { GitPrOutputs } from '../handlers/git-pr.ts';
import { PlanOutputs } from '../handlers/plan.ts';
import type { Deps } from './deps.ts';

/** What an answered question hands on. */
const Approval = z.object({ approvedBy: z.string() });

/** Reads a run as people are told about it. */
export async function loadView({ db }: Pick<Deps, 'db'>, runId: string): Promise<RunView> {
  const run = await getRun(db, runId);
  if (run === null) throw new InternalError(`There is no run ${runId}.`);
  return viewOf(db, run);
}

/** The same for a run that was read already. */
export async function viewOf(db: Executor, run: Run): Promise<RunView> {
  return describe(run, await listSteps(db, run.id), await waitsFor(db, run));
}

/** How many runs of its lane must end before a run starts. */
async function waitsFor(db: Executor, run: Run): Promise<number> {
  return run.status === 'queued' && run.turnAt === null ? countAhead(db, run) : 0;
}

/** What a step that hands the work in could not do, in sentences. */
const Noted = GitPrOutputs.pick({ notes: true });

/** The rows of a run as a view of it. Pure. */
function describe(run: Run, steps: readonly Step[], ahead: number): RunView {
  const generated = drafts(steps).flatMap((step) => read(CodegenOutputs, step) ?? []);
  return {
    id: run.id,
    status: run.status,
    goal: run.source.prompt,
    requester: run.source.requester,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    branch: committed(steps)?.branch ?? run.branch,
    base: run.baseRef,
    steps: steps.map((step) => stepView(step, steps)),
    round: run.round,
    question: questionOf(run, steps),
    plan: steps.map((step) => (step.tool === 'plan' ? read(PlanOutputs, step) : null)).find(Boolean) ?? null,
    waitsFor: ahead,
    usage: run.usage,
    cost: run.cost,
    ...gatesOf(steps),
    pullRequest: run.pullRequest,
    kept: steps.map((step) => read(Kept, { outputs: step.outputs?.['kept'] as Step['outputs'] })).find(Boolean) ?? null,
    error: run.failure,
    cancelledBy: run.cancelRequestedBy,
    files: generated.flatMap((outputs): FileView[] => outputs.files),
    summary: generated.map((outputs) => outputs.summary).join('\n\n'),
    notes: steps.flatMap((step) => (step.tool.startsWith('git_') && read(Noted, step)?.notes) || []),
    gitMode: run.gitMode,
  };
}

/** The drafts that people are told about: the one that was committed, and before there is one all that no other goes on from. */
function drafts(steps: readonly Step[]): Step[] {
  const taken = committed(steps)?.codegenStepId;
  if (taken !== undefined) return steps.filter(({ id }) => id === taken);
  const done = steps.filter((step) => makesChange(step.tool) && read(CodegenOutputs, step) !== null);
  return done.filter(({ name }) => !done.some(({ inputs }) => inputs['fromStep'] === name));
}

/** The run's newest commit. */
function committed(steps: readonly Step[]): WriteOutputs | null {
  const step = steps.findLast((each) => read(WriteOutputs, each) !== null);
  return step ? read(WriteOutputs, step) : null;
}

function stepView(step: Step, steps: readonly Step[]): StepView {
  const repair = repairOf(step);
  return {
    name: step.name,
    tool: step.tool,
    title: titleOf(step),
    ...(repair && { repair: { ...repair, gate: gateNamed(steps, repair.gate) } }),
    ...(step.tool === 'git_ops' && { gitOp: GitOp.safeParse(step.inputs).data }),
    ...(step.inputs._replaces !== undefined && { again: true }),
    // To people a step that found nothing to do is neutral; that the run stops there shows in the rest.
    status: step.status === 'stopped' ? 'neutral' : step.status,
    startedAt: step.startedAt,
    endedAt: step.endedAt,
    detail: detailOf(step),
    approvedBy: read(Approval, step)?.approvedBy ?? null,
    usage: step.usage,
    cost: step.cost,
  };
}

/** What the plan calls it. */
function titleOf({ inputs }: Step): string | undefined {
  return z.string().safeParse(inputs['title']).data;
}

/** What a person is asked now. */
function questionOf({ config }: Run, steps: readonly Step[]): Question | null {
  const asked = steps.find(({ status }) => status === 'waiting');
  if (!asked) return null;
  const { approvers, requireOtherApprover } = RunConfig.parse(config);
  return {
    name: asked.name,
    tool: asked.tool,
    title: titleOf(asked),
    prompt: z.string().safeParse(asked.inputs['prompt']).data ?? null,
    approvers,
    requireOther: requireOtherApprover,
    until: asked.waitUntil,
  };
}

function detailOf(step: Step): string | undefined {
  const generated = read(CodegenOutputs, step);
  if (generated) {
    const count = generated.files.length;
    if (repairOf(step) && step.status === 'neutral') return 'left as it was';
    // Others may go on from there all the same.
    if (count === 0 && step.tool === 'git_ops') return undefined;
    return count === 0 ? 'nothing to change' : `${count} file${count === 1 ? '' : 's'}`;
  }
  if (step.status === 'queued' && step.attempt > 0) return `attempt ${step.attempt + 1} is waiting`;
  return step.attempt > 1 ? `attempt ${step.attempt}` : undefined;
}

const VERDICT_BEFORE_THE_END: Partial<Record<StepStatus, GateView['verdict']>> = {
  running: 'running',
  cancelled: 'cancelled',
  failed: 'failed',
};

/** A gate that was never reached has nothing to tell; its step says that it was not. */
function gatesOf(steps: readonly Step[]): Pick<RunView, 'gates' | 'formerGates'> {
  const begun = new Map<string, GateView[]>();
  for (const step of steps) {
    if (gateOf(step.tool) === null || step.startedAt === null) continue;
    const runs = begun.get(step.tool) ?? [];
    begun.set(step.tool, [...runs, gateView(step, runs.length + 1)]);
  }
  const all = [...begun.values()];
  return { gates: all.map((runs) => runs.at(-1)!), formerGates: all.flatMap((runs) => runs.slice(0, -1)) };
}

/** The gate that a step is, as people know it. */
function gateNamed(steps: readonly Step[], name: string): string {
  return gateOf(steps.find((step) => step.name === name)?.tool ?? '') ?? name;
}

function gateView(step: Step, attempt: number): GateView {
  const outputs = read(GateOutputs, step);
  return {
    name: gateOf(step.tool) ?? step.name,
    step: step.name,
    attempt,
    verdict: outputs?.verdict ?? VERDICT_BEFORE_THE_END[step.status] ?? 'pending',
    command: outputs?.command ?? null,
    exitCode: outputs?.exitCode ?? null,
    durationMs: outputs?.durationMs ?? null,
    tail: (outputs ?? read(OutputSoFar, step))?.tail ?? '',
    annotations: outputs?.annotations ?? [],
    base: outputs?.base ?? null,
  };
}

function read<T>(schema: z.ZodType<T>, step: Pick<Step, 'outputs'>): T | null {
  const parsed = schema.safeParse(step.outputs);
  return parsed.success ? parsed.data : null;
}
