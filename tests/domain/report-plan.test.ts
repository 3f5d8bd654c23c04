import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/domain/run-config.ts';
import { GitMode } from '../../src/domain/project.ts';
import {
  renderCheck,
  renderComment,
  type PlanView,
  type Question,
  type RunView,
  type StepView,
} from '../../src/domain/report.ts';

const at = new Date('2026-11-27T11:30:00Z');
const step = (name: string, tool: string, more: Partial<StepView> = {}): StepView => ({
  name,
  tool,
  status: 'pending',
  startedAt: null,
  endedAt: null,
  ...more,
});

const plan: PlanView = {
  hash: 'e3b34ca6'.padEnd(64, '0'),
  baseSha: 'abc1234'.padEnd(40, '0'),
  by: 'model',
  why: null,
  summary: 'The notes become a file of their own.\n\nNothing else changes.',
  steps: [{ title: 'Write the notes', prompt: 'Write notes.md with one line.' }],
  files: ['notes.md', 'docs/index.md'],
  risks: ['It is not clear what the notes should say.'],
  estimate: {
    usd: { low: 0.02, high: 0.1 },
    ms: { low: 20_000, high: 80_000 },
    from: { kind: 'model' },
    capUsd: 4.99,
  },
};

const question: Question = {
  name: 'approve',
  tool: 'manual:plan',
  prompt: null,
  approvers: 'maintain',
  requireOther: false,
  until: new Date('2026-12-04T11:30:00Z'),
};

const view: RunView = {
  id: 'run_1',
  status: 'waiting',
  goal: 'add the notes',
  requester: { login: 'mona' },
  startedAt: at,
  endedAt: null,
  branch: 'nofx/7-add-the-notes',
  base: 'main',
  steps: [
    step('plan', 'plan', { status: 'succeeded', startedAt: at, endedAt: new Date(at.getTime() + 9_000) }),
    step('approve', 'manual:plan', { status: 'waiting', startedAt: at }),
    step('notes', 'codegen', { title: 'Write the notes' }),
    step('review', 'manual:review', { title: 'Have the notes read' }),
    step('write', 'workspace:write'),
    step('test', 'gate:test'),
    step('pull_request', 'git_pr'),
  ],
  question,
  plan,
  usage: null,
  cost: null,
  gates: [],
  pullRequest: null,
  error: null,
  files: [],
  summary: '',
  gitMode: 'basic',
};

describe('the comment of a plan that waits', () => {
  it.each(GitMode.options)('in the words of %s', (gitMode) => {
    expect(renderComment({ ...view, gitMode })).toMatchSnapshot();
  });

  it.each(GitMode.options)('of a template, in the words of %s', (gitMode) => {
    const template: PlanView = {
      ...plan,
      by: 'template',
      why: 'The model declined to do this.',
      summary: '',
      steps: [],
      files: [],
      risks: [],
      estimate: { usd: null, ms: null, from: { kind: 'nothing' }, capUsd: 5 },
    };
    const asked = { ...question, approvers: ['octocat', 'acme/leads'], requireOther: true };
    expect(renderComment({ ...view, plan: template, question: asked, gitMode })).toMatchSnapshot();
  });

  it.each(GitMode.options)('and of another question, in the words of %s', (gitMode) => {
    const asked: Question = {
      ...question,
      name: 'review',
      tool: 'manual:review',
      title: 'Have the notes read',
      prompt: 'Are they polite?',
    };
    const steps = view.steps.map((each) =>
      each.name === 'review'
        ? { ...each, status: 'waiting' as const, startedAt: at }
        : each.name === 'approve'
          ? { ...each, status: 'succeeded' as const, approvedBy: 'maya', endedAt: at }
          : each,
    );
    expect(renderComment({ ...view, steps, question: asked, gitMode })).toMatchSnapshot();
  });

  it('names no git where that is not wanted', () => {
    expect(renderComment({ ...view, gitMode: 'hidden', branch: null })).not.toMatch(
      /branch|commit|pull request|\bmain\b/i,
    );
  });

  it('is in its check too, in full', () => {
    const { title, text } = renderCheck(view);
    expect(title).toBe('Waiting for approval of the plan');
    expect(text).toContain('/nofx approve e3b34ca6');
  });

  it('stays inside of GitHub’s limits, whatever the model says', () => {
    const huge = fc.string({ unit: fc.constantFrom('x', '`', '@a', '<!--', '\n', '🙂', '|', '*'), maxLength: 6_000 });
    const approvers: fc.Arbitrary<RunConfig['approvers']> = fc.oneof(
      fc.constantFrom('write' as const, 'maintain' as const),
      fc.array(fc.constantFrom('octocat', 'acme/leads'), { minLength: 1, maxLength: 50 }),
    );
    fc.assert(
      fc.property(huge, fc.array(huge, { maxLength: 60 }), approvers, (text, many, who) => {
        const filled = {
          ...view,
          goal: text,
          steps: view.steps.map((each) => ({ ...each, title: text })),
          plan: {
            ...plan,
            summary: text,
            files: many,
            risks: many,
            steps: many.map((prompt) => ({ title: text, prompt })),
          },
          question: { ...question, approvers: who, prompt: text, title: text },
        };
        const body = renderComment(filled);
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(60_000);
        expect(body).toContain('/nofx approve e3b34ca6');
        expect(Buffer.byteLength(renderCheck(filled).text ?? '')).toBeLessThanOrEqual(65_535);
      }),
      { numRuns: 30 },
    );
  });
});
