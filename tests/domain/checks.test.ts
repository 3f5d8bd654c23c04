import { expect, it } from 'vitest';
import type { Annotation } from '../../src/domain/annotations/annotations.ts';
import { desiredChecks } from '../../src/domain/checks.ts';
import type { RunView } from '../../src/domain/report.ts';

const at = new Date('2026-01-01T00:00:00Z');
const annotation = (path: string): Annotation => ({ path, line: 3, level: 'failure', message: 'wrong' });

const view: RunView = {
  id: 'run_1',
  status: 'failed',
  goal: 'g',
  requester: { login: 'alice' },
  startedAt: at,
  endedAt: at,
  branch: 'nofx/1',
  base: 'main',
  steps: [{ name: 'test', tool: 'gate:test', status: 'failed', startedAt: at, endedAt: at }],
  usage: null,
  cost: null,
  gates: [
    {
      name: 'test',
      step: 'test',
      attempt: 1,
      verdict: 'failed',
      command: 'npm test',
      exitCode: 1,
      durationMs: 5,
      tail: '',
      annotations: ['kept.js', 'changed.js', 'new-name.js', 'old-name.js'].map(annotation),
    },
  ],
  pullRequest: null,
  error: null,
  files: [
    { status: 'modified', path: 'changed.js' },
    { status: 'renamed', path: 'new-name.js', previousPath: 'old-name.js' },
  ],
  summary: '',
  gitMode: 'basic',
};

it('shows at a line only what is at that line of that commit', () => {
  const annotated = (commits: { marker: string; head: string | null }) =>
    desiredChecks(view, commits)
      .filter(({ name }) => name === 'NOFX / gate: test')
      .map(({ headSha, annotations = [] }) => `${headSha}: ${annotations.map(({ path }) => path).join()}`);
  expect(annotated({ marker: 'marker', head: null })).toEqual(['marker: kept.js']);
  expect(annotated({ marker: 'marker', head: 'pushed' })).toEqual([
    'pushed: kept.js,changed.js,new-name.js,old-name.js',
    'marker: kept.js',
  ]);
});

it('has a check of its own for each round, and completes those before it', () => {
  const step = { name: 'approve', tool: 'manual:plan', status: 'succeeded' as const, startedAt: at, endedAt: at };
  const shown = (of: Partial<RunView>) =>
    desiredChecks(
      { ...view, gates: [], steps: [{ ...step, approvedBy: 'rita' }], ...of },
      { marker: 'm', head: null },
    ).map((check) => [
      check.externalId,
      check.status === 'completed' ? check.conclusion : check.status,
      check.output.title,
    ]);
  expect(shown({ status: 'waiting' })).toEqual([['run_1:NOFX', 'action_required', 'Waiting for approval']]);
  expect(shown({ status: 'running', round: 1 })).toEqual([
    ['run_1:NOFX', 'neutral', 'Approved by rita'],
    ['run_1:NOFX:1', 'in_progress', 'Working'],
  ]);
  expect(shown({ status: 'cancelled', round: 2 }).map(([id]) => id)).toEqual([
    'run_1:NOFX',
    'run_1:NOFX:1',
    'run_1:NOFX:2',
  ]);
  const keys = desiredChecks({ ...view, round: 2 }, { marker: 'm', head: 'h' }).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

it('has no more and no longer buttons than GitHub shows', () => {
  const question = {
    name: 'approve',
    tool: 'manual:plan',
    prompt: null,
    approvers: 'write',
    requireOther: false,
    until: null,
  } as const;
  const plan = {
    hash: 'e3b34ca6'.repeat(8),
    baseSha: '',
    by: 'model',
    why: null,
    summary: '',
    steps: [],
    files: [],
    risks: [],
  } as const;
  const estimate = { usd: null, ms: null, from: { kind: 'nothing' }, capUsd: 1 } as const;
  const labels = [];
  for (const status of ['waiting', 'failed', 'cancelled', 'succeeded', 'neutral'] as const) {
    const shown = { ...view, status, question, plan: { ...plan, steps: [], files: [], risks: [], estimate } };
    const [check] = desiredChecks(shown, { marker: 'm', head: null });
    const actions = check!.actions ?? [];
    expect(actions.length).toBeLessThanOrEqual(3);
    for (const { label, description, identifier } of actions) {
      labels.push(label);
      expect([label.length <= 20, description.length <= 40, identifier.length <= 20], label).toEqual([
        true,
        true,
        true,
      ]);
    }
  }
  expect(labels).toEqual(['Approve plan', 'Discard', 'Retry', 'Retry']);
});
