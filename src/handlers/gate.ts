import { z } from 'zod';
import { Annotation } from '../domain/annotations/annotations.ts';
import { BaseRed, isExcused } from '../domain/base-red.ts';
import { gateFailure, type GateEnd } from '../domain/gate-failure.ts';
import { gateOf } from '../domain/plan.ts';
import type { BaseFiles, Workspace } from '../workspace/port.ts';
import { readBaseRed } from './base-gate.ts';
import { openCommitted, WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';
import { annotate, hasPassed, printOfRun, runGate, tailOf, type Ran } from './run-gate.ts';
import { chooseCommands, readAbsent, readRules, type GateCommand, type GateCommands } from './base-branch.ts';

const GateInputs = z.looseObject({ fromStep: z.string() });
type GateInputs = z.infer<typeof GateInputs>;

/** What the step hands on; the whole (bounded, redacted) output is its artifact `output.log`. */
export const GateOutputs = z.object({
  verdict: z.enum(['passed', 'failed', 'neutral', 'timed_out']),
  /** null where none was found */
  command: z.string().nullable(),
  exitCode: z.number().nullable(),
  durationMs: z.number(),
  /** the last lines of what the command printed, redacted */
  tail: z.string(),
  /** what the output says is wrong at which line of the commit that was checked */
  annotations: z.array(Annotation).default([]),
  /** where it failed, and fails on the base as well: how, and how that compares */
  base: BaseRed.nullable().default(null),
});
export type GateOutputs = z.infer<typeof GateOutputs>;

/** The longest set-up and the longest command that a configuration may ask for, and a little more. */
const TIME_LIMIT_MS = 62 * 60_000;
/** What is looked into after a failure ends before that, so that the verdict itself is never lost to it. */
const TO_SPARE_MS = 2 * 60_000;

/**
 * Runs one of the repository's own commands on the committed work, sandboxed. Its verdict decides about the pull
 * request. Every tool `gate:<name>` is this handler.
 */
export const gate = defineHandler<GateInputs>({
  inputs: GateInputs,
  timeLimitMs: TIME_LIMIT_MS,
  secrets: ['github'],
  async run(context) {
    const until = performance.now() + TIME_LIMIT_MS - TO_SPARE_MS;
    const leftMs = () => until - performance.now();
    const { outputs } = await context.outputsOf(context.inputs.fromStep);
    const [{ base, commands }, workspace] = await Promise.all([
      readCommands(context),
      openCommitted(context, WriteOutputs.parse(outputs)),
    ]);
    const wanted = commands.gates.find(({ name }) => name === gateOf(context.step.tool));
    if (wanted === undefined) return neutral();
    const ran = await runGate(context, workspace, { setup: wanted.setup ? commands.setup : null, gate: wanted });
    await context.saveArtifact('output.log', Buffer.from(ran.output), 'text/plain; charset=utf-8');
    if (hasPassed(ran.result)) return { status: 'succeeded', outputs: outputsOf(ran, 'passed') };
    return judge(context, { ran, workspace, base, commands, wanted, leftMs });
  },
});

async function readCommands(context: StepContext): Promise<{ base: BaseFiles; commands: GateCommands }> {
  const { run, adapters } = context;
  const base = await readRules(context);
  return { base, commands: await chooseCommands(run.config, base, adapters.registryHosts) };
}

function neutral(): StepOutcome {
  const none = { command: null, exitCode: null, durationMs: 0, tail: '', annotations: [], base: null };
  const outputs: GateOutputs = { verdict: 'neutral', ...none };
  return { status: 'neutral', outputs };
}

function outputsOf(
  ran: Ran,
  verdict: GateOutputs['verdict'],
  { annotations, base }: Pick<GateOutputs, 'annotations' | 'base'> = { annotations: [], base: null },
): GateOutputs {
  const { command, result } = ran;
  return {
    verdict,
    command,
    exitCode: result.exitCode,
    durationMs: Math.round(result.durationMs),
    tail: tailOf(ran),
    annotations,
    base,
  };
}

/** What follows from a gate that did not pass. Where that is a verdict about the change, the base is asked as well. */
async function judge(
  context: StepContext<GateInputs>,
  { ran, workspace, base: rules, commands, wanted, leftMs }: Failed,
): Promise<StepOutcome> {
  const { run } = context;
  const { phase, gate: name, command, result, decisive: output } = ran;
  const [annotations, absent] = await Promise.all([annotate(ran, workspace), readAbsent(rules)]);
  const end: GateEnd = { ...result, phase, gate: name, command, output, absent };
  const verdict = result.outcome === 'timed_out' ? 'timed_out' : 'failed';
  const { mendable } = gateFailure(end, run.config.onGateFailure);
  const failure = { exitCode: result.exitCode, print: printOfRun(ran, annotations) };
  const base = mendable ? await readBaseRed(context, { gate: wanted, commands, leftMs, failure }) : null;
  const outputs = outputsOf(ran, verdict, { annotations, base });
  const task = `${run.source.issue?.title ?? ''}\n${run.source.prompt}`;
  if (isExcused(base, { gate: name, task })) return { status: 'neutral', outputs };
  return { status: 'failed', outputs, ...gateFailure({ ...end, base }, run.config.onGateFailure) };
}

type Failed = {
  ran: Ran;
  workspace: Workspace;
  base: BaseFiles;
  commands: GateCommands;
  wanted: GateCommand;
  leftMs: () => number;
};
