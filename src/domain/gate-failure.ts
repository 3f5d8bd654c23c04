import type { BaseRed } from './base-red.ts';
import { failsThereToo } from './report-base.ts';
import type { RunConfig } from './run-config.ts';
import type { Failure } from './run.ts';

/** How one of the repository's own commands ended that did not pass. */
export type GateEnd = {
  phase: 'setup' | 'gate';
  gate: string;
  command: string;
  outcome: 'exited' | 'timed_out' | 'aborted' | 'killed';
  exitCode: number | null;
  durationMs: number;
  output: string;
  /** what the repository keeps elsewhere, so that it was not there */
  absent: readonly ('submodules' | 'Git LFS')[];
  /** where it fails on the base as well */
  base?: BaseRed | null;
};

/** What people are told of it, and whether a model may mend it: only what came to a verdict of its own says something of the change. */
export function gateFailure(
  end: GateEnd,
  onFailure: RunConfig['onGateFailure'],
): { failure: Failure; mendable: boolean } {
  const { phase, gate, command, outcome } = end;
  const subject =
    phase === 'setup'
      ? `The set-up command \`${command}\``
      : gate === 'test'
        ? `The tests (\`${command}\`)`
        : `The gate \`${gate}\` (\`${command}\`)`;
  const result = onFailure === 'draft' ? 'The pull request is a draft.' : 'No pull request was opened.';
  const missing = missingProgram(end);
  if (missing !== null) {
    return {
      failure: {
        kind: 'configuration',
        message: `${subject} could not be run: \`${missing}\` is not installed on the server that NOFX runs on. ${result}`,
        next: `Ask whoever runs this NOFX to install it, or name ${phase === 'setup' ? 'another command under `setup`' : 'other commands under `gates`'} in \`.github/nofx.yml\`.`,
      },
      mendable: false,
    };
  }
  return {
    failure: {
      kind: 'gate',
      message: `${subject} ${howItEnded(end)}.${absence(end)}${onBase(end)} ${result}`,
      next:
        phase === 'setup'
          ? 'Its output says why. Name another command, or hosts that it needs, under `setup` in `.github/nofx.yml`, then comment `/nofx retry`.'
          : 'Comment `/nofx <what it should do differently>`, or `/nofx retry` to have it written anew.',
    },
    mendable: phase === 'gate' && outcome === 'exited',
  };
}

/** Whether it failed for that, only its output tells. */
function absence({ absent }: GateEnd): string {
  return absent.length === 0 ? '' : ` It ran without what this repository keeps in ${absent.join(' and ')}.`;
}

function onBase({ base }: GateEnd): string {
  return base ? ` ${failsThereToo(base)}` : '';
}

function howItEnded({ phase, gate, outcome, exitCode, durationMs }: GateEnd): string {
  const were = phase === 'gate' && gate === 'test' ? 'were' : 'was';
  switch (outcome) {
    case 'exited':
      return `failed with exit code ${exitCode}`;
    case 'timed_out':
      return `ran out of time after ${Math.round(durationMs / 1000)} s`;
    case 'aborted':
      return `${were} stopped`;
    case 'killed':
      return `${were} killed for going over a limit`;
  }
}

/** The program of the command that the shell did not find, as dash, bash and busybox say it; null where it failed for another reason. */
function missingProgram({ command, outcome, exitCode, output }: GateEnd): string | null {
  if (outcome !== 'exited' || exitCode !== 127) return null;
  const [, name] =
    /^(?:\S*\/)?(?:sh|bash|dash): (?:(?:line )?\d+: )?([^\s:]+): (?:command )?not found$/m.exec(output) ?? [];
  // Of a script that it runs, a change may well be the cause.
  return name !== undefined && command.split(/[\s;&|()]+/).includes(name) ? name : null;
}
