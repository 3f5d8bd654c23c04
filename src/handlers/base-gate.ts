import { compareWithBase, OnBase, type BaseRed, type FailurePrint } from '../domain/base-red.ts';
import { accessOf } from './access.ts';
import type { GateCommand, GateCommands } from './base-branch.ts';
import type { StepContext } from './handler.ts';
import { annotate, hasPassed, printOfRun, runGate, tailOf, type Ran } from './run-gate.ts';

type Asked = {
  gate: GateCommand;
  commands: GateCommands;
  /** the time there is for it, in ms */
  leftMs: () => number;
  /** how it failed with the change */
  failure: { exitCode: number | null; print: FailurePrint };
};

/**
 * Whether a gate that failed fails on the base as well, and how that compares; null where it does not, or nobody can tell.
 * It is run there once in a run: what came of it is kept, for whoever does the step again and for each attempt to mend it.
 */
export async function readBaseRed(context: StepContext, asked: Asked): Promise<BaseRed | null> {
  const known = await context.effect(`base:${asked.gate.name}`, () => runOnBase(context, asked));
  return compareWithBase(asked.failure, OnBase.parse(known));
}

/**
 * Where it fails there in another way, it may be for want of what the gates before it leave behind (a build, packages): then
 * it is run again behind them.
 */
async function runOnBase(context: StepContext, { gate, commands, leftMs, failure }: Asked): Promise<OnBase> {
  const before = commands.gates.slice(0, commands.gates.indexOf(gate));
  const alone = { ...gate, setup: gate.setup || before.some(({ setup }) => setup) };
  const first = await runInTurn(context, [alone], { setup: commands.setup, leftMs });
  const isTold = before.length === 0 || compareWithBase(failure, first)?.compared === 'same';
  if (first.state === 'passed' || isTold) return first;
  return runInTurn(context, [...before, gate], { setup: commands.setup, leftMs });
}

/** Runs gates one after the other in a clean checkout of the base, as they are run on a change; gives how the last one ended. */
async function runInTurn(
  context: StepContext,
  gates: readonly GateCommand[],
  { setup, leftMs }: Pick<GateCommands, 'setup'> & Pick<Asked, 'leftMs'>,
): Promise<OnBase> {
  const { run, step, adapters, signal, log } = context;
  const { workspaces } = adapters;
  const sha = run.rulesSha;
  const access = accessOf(context);
  const place = { key: `${run.id}-base-${step.id}-${step.attempt}`, base: sha, branch: `${run.branch}-base` };
  const lead = `On the base (${sha.slice(0, 7)}), without the change:\n`;
  const runThere = async (gate: GateCommand) => {
    const checkout = await workspaces.openWorkspace(access, place);
    const ran = await runGate(context, checkout, { setup: gate.setup ? setup : null, gate, leftMs, lead });
    // What was stopped says nothing of the base.
    signal.throwIfAborted();
    return { ran, checkout };
  };
  log.info({ sha, gates: gates.map(({ name }) => name) }, 'a gate is run on the base');
  try {
    for (const gate of gates.slice(0, -1)) await runThere(gate);
    const { ran, checkout } = await runThere(gates.at(-1)!);
    await context.saveArtifact('base.log', Buffer.from(ran.output), 'text/plain; charset=utf-8');
    const state = stateOf(ran);
    const annotations = state === 'failed' ? await annotate(ran, checkout) : [];
    return { sha, state, exitCode: ran.result.exitCode, tail: tailOf(ran), print: printOfRun(ran, annotations) };
  } finally {
    await workspaces.removeWorkspace(access, place.key);
  }
}

function stateOf({ phase, result }: Ran): OnBase['state'] {
  if (phase === 'setup' || result.outcome !== 'exited') return 'unknown';
  return hasPassed(result) ? 'passed' : 'failed';
}
