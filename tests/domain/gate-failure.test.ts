import { describe, expect, it } from 'vitest';
import { gateFailure, type GateEnd } from '../../src/domain/gate-failure.ts';

const end = (over: Partial<GateEnd>): GateEnd => ({
  phase: 'gate',
  gate: 'test',
  command: 'go test ./...',
  outcome: 'exited',
  exitCode: 127,
  durationMs: 1_000,
  output: '',
  absent: [],
  ...over,
});
const message = (over: Partial<GateEnd>) => gateFailure(end(over), 'block').failure.message;

describe('what is said of a gate that did not pass', () => {
  it.each([
    ['dash', '/bin/sh: 1: go: not found\n'],
    ['bash', '/bin/sh: line 1: go: command not found\n'],
    ['busybox', 'sh: go: not found\n'],
  ])('a program that is not installed, as %s says it', (_shell, output) => {
    const { failure, mendable } = gateFailure(end({ output }), 'block');
    expect(failure.message).toBe(
      'The tests (`go test ./...`) could not be run: `go` is not installed on the server that NOFX runs on. No pull request was opened.',
    );
    expect(failure.kind).toBe('configuration');
    expect(mendable).toBe(false);
  });

  it('the same of the set-up, whose first command was found', () => {
    const setup = end({ phase: 'setup', command: 'cp a b && pnpm install', output: '/bin/sh: 1: pnpm: not found\n' });
    const { message, next } = gateFailure(setup, 'draft').failure;
    expect(message).toContain('`pnpm` is not installed on the server that NOFX runs on. The pull request is a draft.');
    expect(next).toContain('another command under `setup`');
  });

  it('a program that only the repository names may be missing by the change', () => {
    const own = end({ command: 'npm test', output: '> kit@1.0.0 test\n> mocha\n\nsh: 1: mocha: not found\n' });
    expect(gateFailure(own, 'block')).toMatchObject({ failure: { kind: 'gate' }, mendable: true });
  });

  it('speaks of one gate in the singular', () => {
    expect(message({ outcome: 'killed' })).toContain('The tests (`go test ./...`) were killed');
    expect(message({ gate: 'lint', outcome: 'killed' })).toContain('The gate `lint` (`go test ./...`) was killed');
  });

  it('names what was not there', () => {
    expect(message({ exitCode: 1, absent: ['submodules', 'Git LFS'] })).toBe(
      'The tests (`go test ./...`) failed with exit code 1. It ran without what this repository keeps in submodules and Git LFS. No pull request was opened.',
    );
  });

  it('of a set-up that failed it says where the set-up is named', () => {
    const { failure, mendable } = gateFailure(end({ phase: 'setup', exitCode: 1 }), 'block');
    expect(failure.next).toMatch(/under `setup` in `\.github\/nofx\.yml`, then comment `\/nofx retry`/);
    expect(mendable).toBe(false);
  });
});
