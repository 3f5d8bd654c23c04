import { annotationsOf, readFindings, type Annotation } from '../domain/annotations/annotations.ts';
import { printOf, type FailurePrint } from '../domain/base-red.ts';
import type { CommandResult, Workspace } from '../workspace/port.ts';
import type { GateCommand, GateCommands } from './base-branch.ts';
import type { StepContext } from './handler.ts';
import { showLive } from './live-output.ts';

/** What came of a gate's commands in a checkout. */
export type Ran = {
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
  /** the folders it ran in and kept its things in */
  places: string[];
};

const TAIL_LINES = 60;

/**
 * Set-up first, with the network it needs; then the gate's command, with none. `leftMs` is the time there is for both, beside
 * their own limits; `lead` is shown before the output while it goes on.
 */
export async function runGate(
  context: StepContext,
  { path: cwd, gitPaths: readOnly }: Workspace,
  { setup, gate, leftMs = () => Infinity, lead = '' }: GateRun,
): Promise<Ran> {
  const { adapters, signal, log } = context;
  const home = await adapters.sandbox.makeHome();
  const live = showLive(context);
  if (lead !== '') live.onOutput(lead);
  const common = { cwd, readOnly, home: home.path, signal, onOutput: live.onOutput };
  const limits = (timeMs: number) => ({ timeMs: Math.max(1, Math.min(timeMs, leftMs())) });
  const places = [cwd, home.path];
  const { name, command, timeMs } = gate;
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
        limits: limits(setup.timeMs),
      });
      output = `$ ${setup.command}\n${adapters.redact(result.output)}\n`;
      if (!hasPassed(result)) {
        const decided = { phase: 'setup', command: setup.command, decisive: output, said: '' } as const;
        return { ...decided, gate: name, result, output, places };
      }
    }
    log.info({ command }, 'gate started');
    const result = await adapters.sandbox.run({ ...common, command, network: 'none', limits: limits(timeMs) });
    const said = adapters.redact(result.output);
    const decisive = `$ ${command}\n${said}\n`;
    return { phase: 'gate', gate: name, command, result, output: output + decisive, decisive, said, places };
  } finally {
    live.stop();
    await home.dispose();
  }
}

type GateRun = { setup: GateCommands['setup']; gate: GateCommand; leftMs?: () => number; lead?: string };

export function hasPassed({ outcome, exitCode }: CommandResult): boolean {
  return outcome === 'exited' && exitCode === 0;
}

/** Only a failure is looked into: what a passing tool prints is its own business. */
export async function annotate({ said }: Ran, workspace: Workspace): Promise<Annotation[]> {
  const found = readFindings(said);
  if (found.specific.length === 0 && found.vague.length === 0) return [];
  return annotationsOf(found, { root: workspace.path, files: await workspace.files() });
}

export function tailOf({ decisive }: Ran): string {
  return decisive.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** How it failed, to be told from other failures. */
export function printOfRun({ said, places }: Ran, annotations: readonly Annotation[]): FailurePrint {
  return printOf(said, annotations, places);
}
