import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/domain/mistake.ts';
import { idempotencyKey, preparePlan, standardPlan } from '../../src/domain/plan.ts';

const tools = ['codegen', 'workspace:write', 'gate:test', 'git_pr'];
const errorsOf = (plan: unknown) => {
  const result = preparePlan(plan, tools);
  return result.ok ? [] : wordsOf(result.mistakes);
};

describe('preparePlan', () => {
  it('takes the standard plan and chains its steps', () => {
    const result = preparePlan(standardPlan({ goal: 'Add a helper', prompt: 'add a helper' }), tools);
    expect(result.ok && result.steps.map((step) => [step.name, step.tool, step.inputs._dependsOn])).toEqual([
      ['codegen', 'codegen', []],
      ['write', 'workspace:write', ['codegen']],
      ['test', 'gate:test', ['write']],
      ['pull_request', 'git_pr', ['test']],
    ]);
  });

  it('lets a step start at once with an empty _dependsOn', () => {
    const result = preparePlan(
      {
        goal: 'g',
        steps: [
          { name: 'a', tool: 'codegen' },
          { name: 'b', tool: 'codegen', inputs: { _dependsOn: [] } },
        ],
      },
      tools,
    );
    expect(result.ok && result.steps[1]!.inputs._dependsOn).toEqual([]);
  });

  it('gathers a policy given beside the inputs and inside them', () => {
    const result = preparePlan(
      {
        goal: 'g',
        steps: [
          { name: 'a', tool: 'codegen', tools_allowed: ['codegen'], inputs: { _policy: { env_allowed: ['CI'] } } },
        ],
      },
      tools,
    );
    expect(result.ok && result.steps[0]!.inputs._policy).toEqual({ tools_allowed: ['codegen'], env_allowed: ['CI'] });
  });

  it('names every mistake at once', () => {
    const steps = [
      { name: 'a', tool: 'codegen' },
      { name: 'a', tool: 'rm' },
      { name: 'b', tool: 'shell', inputs: { _dependsOn: ['z'] } },
    ];
    expect(errorsOf({ goal: 'g', steps })).toEqual([
      'two steps are named "a"',
      `step "a": unknown tool "rm"; known are ${tools.join(', ')}`,
      `step "b": unknown tool "shell"; known are ${tools.join(', ')}`,
      'step "b" depends on "z", which is not in the plan',
    ]);
  });

  it('adds steps to those a run has: they follow its last one, may depend on all of it, and share its names and its limit', () => {
    const added = (steps: object[], before: string[]) =>
      preparePlan(
        { goal: 'g', steps },
        tools,
        before.map((name) => ({ name, tool: 'codegen' })),
      );
    const steps = [
      { name: 'c', tool: 'codegen' },
      { name: 'd', tool: 'codegen', inputs: { _dependsOn: ['a', 'c'] } },
    ];
    const result = added(steps, ['a', 'b']);
    expect(result.ok && result.steps.map(({ inputs }) => inputs._dependsOn)).toEqual([['b'], ['a', 'c']]);
    expect(added(steps, ['c', 'b'])).toEqual({
      ok: false,
      mistakes: [
        { field: 'steps.0.name', message: 'two steps are named "c"' },
        { field: 'steps.1.inputs._dependsOn', message: 'step "d" depends on "a", which is not in the plan' },
      ],
    });
    const many = Array.from({ length: 49 }, (_, index) => `s${index}`);
    expect(added(steps, [...many.slice(1), 'a']).ok).toBe(false);
    expect(added(steps, [...many.slice(2), 'a']).ok).toBe(true);
  });

  it('refuses a cycle and names its steps', () => {
    const steps = [
      { name: 'start', tool: 'codegen' },
      { name: 'a', tool: 'codegen', inputs: { _dependsOn: ['b'] } },
      { name: 'b', tool: 'codegen', inputs: { _dependsOn: ['a', 'start'] } },
    ];
    expect(errorsOf({ goal: 'g', steps })).toEqual(['these steps wait for each other: a, b']);
  });

  it.each([
    [{ goal: '', steps: [{ name: 'a', tool: 'codegen' }] }, 'goal'],
    [{ goal: 'g', steps: [] }, 'a plan needs a step'],
    [
      { goal: 'g', steps: Array.from({ length: 10_000 }, (_, i) => ({ name: `s${i}`, tool: 'codegen' })) },
      'at most 50 steps',
    ],
    [{ goal: 'g', steps: [{ name: '../a', tool: 'codegen' }] }, 'a step name is a letter'],
    ['nonsense', 'plan'],
  ])('refuses plan %#', (plan, words) => {
    expect(errorsOf(plan).join('\n')).toContain(words);
  });
});

describe('idempotencyKey', () => {
  it('depends on what the inputs say, not on the order of their keys', () => {
    const key = (inputs: unknown) => idempotencyKey('run_1', { name: 'a', inputs });
    expect(key({ x: 1, y: { p: 1, q: 2 } })).toBe(key({ y: { q: 2, p: 1 }, x: 1 }));
    expect(key({ x: 1 })).not.toBe(key({ x: 2 }));
    expect(key({ x: 1 })).toMatch(/^run_1:a:[0-9a-f]{12}$/);
  });
});
