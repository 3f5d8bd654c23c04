import type { GateView, RunView, StepView } from '../../src/domain/report.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
/** A step that began and ended so many seconds after its run. */
export const step = (
  tool: string,
  status: StepView['status'],
  from: number | null = null,
  to: number | null = null,
  detail?: string,
): StepView => ({
  name: tool,
  tool,
  status,
  startedAt: from === null ? null : at(from),
  endedAt: to === null ? null : at(to),
  detail,
});
/** A gate that has passed. */
export const gate: GateView = {
  name: 'test',
  step: 'test',
  attempt: 1,
  verdict: 'passed',
  command: 'npm test',
  exitCode: 0,
  durationMs: 61_000,
  tail: 'ok 12\n',
  annotations: [],
};

/** A run that has come to a pull request; and below, the same at work, and failed at its gate. */
export const finished: RunView = {
  id: 'run_01JDA4QH3ZK8W9X2Y7V6T5S4R3',
  status: 'succeeded',
  goal: 'add a slugify helper',
  requester: { login: 'alice' },
  startedAt: at(0),
  endedAt: at(252),
  branch: 'nofx/12-add-a-slugify-helper-v6t5s4r3',
  base: 'main',
  steps: [
    step('codegen', 'succeeded', 0, 180, '2 files'),
    step('workspace:write', 'succeeded', 180, 181),
    step('gate:test', 'succeeded', 181, 242),
    step('git_pr', 'succeeded', 242, 252),
  ],
  usage: {
    inputTokens: 2_345,
    outputTokens: 1_234,
    cacheReadTokens: 10_000,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
  },
  cost: { usd: 0.0312, cappedUsd: 0.0312 },
  gates: [gate],
  pullRequest: { number: 13, url: 'https://github.com/o/r/pull/13' },
  error: null,
  files: [
    { status: 'added', path: 'src/slugify.ts', sha256: 'a'.repeat(64), size: 120 },
    { status: 'renamed', path: 'src/text.ts', previousPath: 'src/string.ts', sha256: 'b'.repeat(64), size: 99 },
    { status: 'deleted', path: 'src/old.ts' },
  ],
  summary: 'Added `slugify` with tests.',
  gitMode: 'basic',
};
export const running: RunView = {
  ...finished,
  status: 'running',
  endedAt: null,
  steps: [
    step('codegen', 'succeeded', 0, 180),
    step('workspace:write', 'running', 180),
    step('gate:test', 'pending'),
    step('git_pr', 'pending'),
  ],
  gates: [],
  pullRequest: null,
  files: [],
  summary: '',
};
export const failed: RunView = {
  ...finished,
  status: 'failed',
  pullRequest: null,
  steps: [
    step('codegen', 'succeeded', 0, 180),
    step('workspace:write', 'succeeded', 180, 181),
    step('gate:test', 'failed', 181, 242),
    step('git_pr', 'skipped'),
  ],
  gates: [{ ...gate, verdict: 'failed', exitCode: 1, tail: 'FAIL slugify\n```\nexpected a-b\n' }],
  error: {
    kind: 'configuration',
    message: 'The tests failed.',
    next: 'Comment `/nofx <what to do differently>` to try again.',
  },
};
