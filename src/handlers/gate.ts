import { z } from 'zod';
import { Annotation, annotationsOf, readFindings } from '../domain/annotations/annotations.ts';
import { gateFailure, type GateEnd } from '../domain/gate-failure.ts';
import { gateOf } from '../domain/plan.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { BaseFiles, CommandResult, Workspace } from '../workspace/port.ts';
import { openCommitted, WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';
import { showLive } from './live-output.ts';
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
});
export type GateOutputs = z.infer<typeof GateOutputs>;

const TAIL_LINES = 60;

/**
 * Runs one of the repository's own commands on the committed work, sandboxed. Its verdict decides about the pull
 * request. Every tool `gate:<name>` is this handler.
 */
export const gate = defineHandler<GateInputs>({
  inputs: GateInputs,
  // The longest set-up and the longest command that a configuration may ask for, and a little more.
  timeLimitMs: 62 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { outputs } = await context.outputsOf(context.inputs.fromStep);
    const [{ base, commands }, workspace] = await Promise.all([
      readCommands(context),
      openCommitted(context, WriteOutputs.parse(outputs)),
    ]);
    const wanted = commands.gates.find(({ name }) => name === gateOf(context.step.tool));
    if (wanted === undefined) return neutral();
    const ran = await runCommands(context, workspace, wanted.setup ? commands.setup : null, wanted);
    await context.saveArtifact('output.log', Buffer.from(ran.output), 'text/plain; charset=utf-8');
    if (hasPassed(ran.result)) return { status: 'succeeded', outputs: outputsOf(ran, 'passed') };
    const [annotations, absent] = await Promise.all([annotate(ran, workspace), readAbsent(base)]);
    return failed(ran, { annotations, absent, onFailure: context.run.config.onGateFailure });
  },
});

async function readCommands(context: StepContext): Promise<{ base: BaseFiles; commands: GateCommands }> {
  const { run, adapters } = context;
  const base = await readRules(context);
  return { base, commands: await chooseCommands(run.config, base, adapters.npmHosts) };
}

type Ran = {
  phase: 'setup' | 'gate';
  gate: string;
  command: string;
  result: CommandResult;
  /** of set-up and gate together, redacted */
  output: string;
  /** of the one that decided, with the command before it */
  decisive: string;
  /** of the gate alone, redacted */
  said: string;
};

/** Set-up first, with the network it needs; then the gate's command, with none. */
async function runCommands(
  context: StepContext,
  { path: cwd, gitPaths: readOnly }: Workspace,
  setup: GateCommands['setup'],
  { name, command, timeMs }: GateCommand,
): Promise<Ran> {
  const { adapters, signal, log } = context;
  const home = await adapters.sandbox.makeHome();
  const live = showLive(context);
  const common = { cwd, readOnly, home: home.path, signal, onOutput: live.onOutput };
  try {
    let output = '';
    if (setup) {
      const { domains, env } = setup;
      log.info({ command: setup.command }, 'set-up started');
      const result = await adapters.sandbox.run({
        ...common,
        command: setup.command,
        env,
        network: domains.length > 0 ? { domains } : 'none',
        limits: { timeMs: setup.timeMs },
      });
      output = `$ ${setup.command}\n${adapters.redact(result.output)}\n`;
      if (result.outcome !== 'exited' || result.exitCode !== 0) {
        return { phase: 'setup', gate: name, command: setup.command, result, output, decisive: output, said: '' };
      }
    }
    log.info({ command }, 'gate started');
    const result = await adapters.sandbox.run({ ...common, command, network: 'none', limits: { timeMs } });
    const said = adapters.redact(result.output);
    const decisive = `$ ${command}\n${said}\n`;
    return { phase: 'gate', gate: name, command, result, output: output + decisive, decisive, said };
  } finally {
    live.stop();
    await home.dispose();
  }
}

function neutral(): StepOutcome {
  const none = { command: null, exitCode: null, durationMs: 0, tail: '', annotations: [] };
  const outputs: GateOutputs = { verdict: 'neutral', ...none };
  return { status: 'neutral', outputs };
}

/** Only a failure is looked into: what a passing tool prints is its own business. */
async function annotate({ said }: Ran, workspace: Workspace): Promise<Annotation[]> {
  const found = readFindings(said);
  if (found.specific.length === 0 && found.vague.length === 0) return [];
  return annotationsOf(found, { root: workspace.path, files: await workspace.files() });
}

function hasPassed({ outcome, exitCode }: CommandResult): boolean {
  return outcome === 'exited' && exitCode === 0;
}

function outputsOf(
  { command, result, decisive }: Ran,
  verdict: GateOutputs['verdict'],
  annotations: Annotation[] = [],
): GateOutputs {
  return {
    verdict,
    command,
    exitCode: result.exitCode,
    durationMs: Math.round(result.durationMs),
    tail: decisive.trimEnd().split('\n').slice(-TAIL_LINES).join('\n'),
    annotations,
  };
}

function failed(
  ran: Ran,
  more: { annotations: Annotation[]; absent: GateEnd['absent']; onFailure: RunConfig['onGateFailure'] },
): StepOutcome {
  const { phase, gate: name, command, result, decisive: output } = ran;
  const { annotations, absent, onFailure } = more;
  const verdict = result.outcome === 'timed_out' ? 'timed_out' : 'failed';
  const end: GateEnd = { ...result, phase, gate: name, command, output, absent };
  return { status: 'failed', outputs: outputsOf(ran, verdict, annotations), ...gateFailure(end, onFailure) };
}
