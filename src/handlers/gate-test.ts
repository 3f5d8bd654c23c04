import { z } from 'zod';
import type { Failure } from '../domain/run.ts';
import type { CommandResult, Workspace } from '../workspace/port.ts';
import { accessOf } from './access.ts';
import { openCommitted, WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';
import { chooseCommands, type GateCommands } from './base-branch.ts';

const GateInputs = z.looseObject({ fromStep: z.string() });
type GateInputs = z.infer<typeof GateInputs>;

/** What the step hands on; the whole (bounded, redacted) output is its artifact `output.log`. */
export const GateOutputs = z.object({
  verdict: z.enum(['passed', 'failed', 'neutral', 'timed_out']),
  /** null where none was found */
  command: z.string().nullable(),
  exitCode: z.number().nullable(),
  durationMs: z.number(),
  /** the last lines of the output, redacted */
  tail: z.string(),
});
export type GateOutputs = z.infer<typeof GateOutputs>;

const TAIL_LINES = 60;

/** Runs the repository's own test command on the committed work, sandboxed. Its verdict decides about the pull request. */
export const gateTest = defineHandler<GateInputs>({
  inputs: GateInputs,
  timeLimitMs: 60 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { outputs } = await context.outputsOf(context.inputs.fromStep);
    const [commands, workspace] = await Promise.all([
      readCommands(context),
      openCommitted(context, WriteOutputs.parse(outputs)),
    ]);
    if (commands.test === null) return neutral();
    const ran = await runCommands(context, workspace, commands, commands.test);
    await context.saveArtifact('output.log', Buffer.from(ran.output), 'text/plain; charset=utf-8');
    return verdictOf(ran);
  },
});

async function readCommands(context: StepContext): Promise<GateCommands> {
  const { run, adapters } = context;
  const base = await adapters.workspaces.readBase(accessOf(context), run.baseSha);
  return chooseCommands(run.config, base, adapters.npmHosts);
}

type Ran = { phase: 'setup' | 'test'; command: string; result: CommandResult; output: string };

/** Set-up first, with the network it needs; then the tests, with none. */
async function runCommands(
  { adapters, signal, log }: StepContext,
  { path: cwd, gitPaths: readOnly }: Workspace,
  commands: GateCommands,
  test: NonNullable<GateCommands['test']>,
): Promise<Ran> {
  const home = await adapters.sandbox.makeHome();
  try {
    let output = '';
    if (commands.setup) {
      const { command, domains, timeMs } = commands.setup;
      log.info({ command }, 'set-up started');
      const result = await adapters.sandbox.run({
        command,
        cwd,
        readOnly,
        home: home.path,
        network: domains.length > 0 ? { domains } : 'none',
        limits: { timeMs },
        signal,
      });
      output = `$ ${command}\n${adapters.redact(result.output)}\n`;
      if (result.outcome !== 'exited' || result.exitCode !== 0) return { phase: 'setup', command, result, output };
    }
    log.info({ command: test.command }, 'tests started');
    const result = await adapters.sandbox.run({
      command: test.command,
      cwd,
      readOnly,
      home: home.path,
      network: 'none',
      limits: { timeMs: test.timeMs },
      signal,
    });
    output += `$ ${test.command}\n${adapters.redact(result.output)}\n`;
    return { phase: 'test', command: test.command, result, output };
  } finally {
    await home.dispose();
  }
}

function neutral(): StepOutcome {
  const outputs: GateOutputs = { verdict: 'neutral', command: null, exitCode: null, durationMs: 0, tail: '' };
  return { status: 'neutral', outputs };
}

function verdictOf({ phase, command, result, output }: Ran): StepOutcome {
  const passed = result.outcome === 'exited' && result.exitCode === 0;
  const outputs: GateOutputs = {
    verdict: passed ? 'passed' : result.outcome === 'timed_out' ? 'timed_out' : 'failed',
    command,
    exitCode: result.exitCode,
    durationMs: Math.round(result.durationMs),
    tail: output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n'),
  };
  return passed
    ? { status: 'succeeded', outputs }
    : { status: 'failed', outputs, failure: failureOf(phase, command, result) };
}

function failureOf(phase: Ran['phase'], command: string, result: CommandResult): Failure {
  const what = phase === 'setup' ? `The set-up command \`${command}\`` : `The tests (\`${command}\`)`;
  const how = {
    exited: `failed with exit code ${result.exitCode}`,
    timed_out: `ran out of time after ${Math.round(result.durationMs / 1000)} s`,
    aborted: 'were stopped',
    killed: 'were killed for going over a limit',
  }[result.outcome];
  return {
    kind: 'gate',
    message: `${what} ${how}. No pull request was opened.`,
    next: 'Comment the command again with what it should do differently.',
  };
}
