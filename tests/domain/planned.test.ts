import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { preparePlan } from '../../src/domain/plan.ts';
import { branchesOf, PLAN_STEP, planHash, plannedSteps, shortHash, templateSteps } from '../../src/domain/planned.ts';
import type { ModelPlan } from '../../src/domain/model-plan.ts';
import { knownTools } from '../../src/handlers/registry.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';

type Step = ModelPlan['steps'][number];
const step = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  title: `Do ${name}`,
  tool: 'codegen',
  prompt: `Do ${name} well.`,
  depends_on: [],
  output_tokens: 100,
  ...more,
});
const plan = (...steps: Step[]): ModelPlan => ({ ...MODEL_PLAN, steps });
const planning = { goal: 'Notes', prompt: 'add the notes', gates: ['lint', 'test'], baseRef: 'main' };

function stepsOf(made: ReturnType<typeof plannedSteps>) {
  if (!made.ok) throw new Error(made.errors.join('; '));
  return made.steps;
}

const errorsOf = (...steps: Step[]) => {
  const made = plannedSteps(plan(...steps), planning);
  return made.ok ? [] : made.errors;
};

describe('the steps of a plan', () => {
  it('wait for a yes, follow one another, and end with all gates and the pull request', () => {
    const steps = stepsOf(
      plannedSteps(
        plan(step('two', { depends_on: ['look'] }), step('look', { tool: 'manual:look' }), step('one')),
        planning,
      ),
    );
    expect(steps.map(({ name, tool, inputs }) => [name, tool, inputs._dependsOn.join(), inputs['fromStep']])).toEqual([
      ['approve', 'manual:plan', 'plan', undefined],
      ['look', 'manual:look', 'approve', undefined],
      ['two', 'codegen', 'look', undefined],
      ['one', 'codegen', 'two', 'two'],
      ['write', 'workspace:write', 'one', 'one'],
      ['lint', 'gate:lint', 'write', 'write'],
      ['test', 'gate:test', 'lint', 'write'],
      ['pull_request', 'git_pr', 'test', 'write'],
    ]);
  });

  it('go on from git operations as from code, where the mode of the repository has them', () => {
    const pick = step('pick', {
      tool: 'git_ops',
      git: { operation: 'cherry-pick', branch: 'fix', commit: '1a2b3c4' },
    });
    const made = plan(step('first'), pick, step('then', { depends_on: ['pick'] }));
    const steps = stepsOf(plannedSteps(made, { ...planning, gates: [], gitMode: 'advanced' }));
    expect(steps.map(({ name, inputs }) => [name, inputs['fromStep'], inputs['goesOn']])).toEqual([
      ['approve', undefined, undefined],
      ['first', undefined, true],
      ['pick', 'first', undefined],
      ['then', 'pick', undefined],
      ['write', 'then', undefined],
      ['pull_request', 'write', undefined],
    ]);
    expect(steps[2]!.inputs).toMatchObject({ operation: 'cherry-pick', source_branch: 'fix', commit_sha: '1a2b3c4' });
    expect(steps[2]!.inputs).not.toHaveProperty('title');
    const wrong = plannedSteps(
      plan(
        pick,
        step('odd', { tool: 'git_ops' }),
        step('far', { tool: 'git_ops', git: { operation: 'merge', branch: '-x', commit: null } }),
      ),
      { ...planning, gitMode: 'basic' },
    );
    expect(wrong.ok ? [] : wrong.errors).toEqual([
      expect.stringContaining('step "odd": operation: must be one of'),
      'step "far": source_branch: must be the name of a branch',
      'step "pick": cherry-pick takes the git mode advanced or above, and here it is basic',
    ]);
  });

  it('read their branches at the commits where they stood, the base too, and say so in what is approved', () => {
    const git = (name: string, of: Step['git']) => step(name, { tool: 'git_ops', git: of });
    const made = plan(
      git('merge', { operation: 'merge', branch: 'feature', commit: null }),
      git('rebase', { operation: 'rebase', branch: null, commit: null }),
      git('revert', { operation: 'revert', branch: null, commit: '1a2b3c4' }),
    );
    expect(branchesOf(made, planning)).toEqual(['feature', 'main']);
    const at = (feature: string) => {
      const heads = new Map([
        ['main', 'a'.repeat(40)],
        ['feature', feature.repeat(40)],
      ]);
      return stepsOf(plannedSteps(made, { ...planning, gitMode: 'advanced', heads }));
    };
    expect(
      at('b')
        .slice(1, 4)
        .map(({ inputs: { _dependsOn, _policy, ...inputs } }) => inputs),
    ).toEqual([
      { operation: 'merge', source_branch: 'feature', _at: 'b'.repeat(40) },
      { operation: 'rebase', onto_branch: 'main', _at: 'a'.repeat(40), fromStep: 'merge' },
      { operation: 'revert', commit_sha: '1a2b3c4', fromStep: 'rebase' },
    ]);
    expect(planHash(at('b'), 'a')).not.toBe(planHash(at('c'), 'a'));
  });

  it('say what was asked before how it is done', () => {
    const [, only] = stepsOf(plannedSteps(plan(step('one')), planning));
    expect(only!.inputs['prompt']).toMatch(/^add the notes\n\n.*approved\. Do one\n\nDo one well\.$/);
    const [, first] = stepsOf(plannedSteps(plan(step('one'), step('two')), planning));
    expect(first!.inputs).toMatchObject({ prompt: expect.stringContaining('Step 1 of 2') as string, goesOn: true });
    expect(only!.inputs).not.toHaveProperty('goesOn');
  });

  it('keep their names beside a gate of the same name', () => {
    const steps = stepsOf(plannedSteps(plan(step('test')), planning));
    expect(steps.map(({ name }) => name)).toEqual(['approve', 'test', 'write', 'lint', 'gate:test', 'pull_request']);
  });

  it.each<[string, Step[], RegExp]>([
    ['an unknown tool', [step('a', { tool: 'git_pr' })], /unknown tool "git_pr"/],
    ['a gate', [step('a'), step('b', { tool: 'gate:test' })], /unknown tool "gate:test"/],
    ['a name twice', [step('a'), step('a')], /two steps are named "a"/],
    ['a name of ours', [step('approve')], /two steps are named "approve"/],
    ['a name that a repair would get', [step('repair-1')], /must not be named "repair-1"/],
    ['the name of the writing step', [step('write')], /must not be named "write"/],
    ['no name', [step('1 & 2')], /a step name is/],
    ['a cycle', [step('a', { depends_on: ['b'] }), step('b', { depends_on: ['a'] })], /wait for each other: a, b/],
    ['a dependency that is not there', [step('a', { depends_on: ['write'] })], /depends on "write"/],
    ['no code', [step('a', { tool: 'manual:look' })], /needs a codegen step/],
  ])('are refused: %s', (_what, steps, words) => {
    expect(errorsOf(...steps).join('\n')).toMatch(words);
  });

  it('are those of every run where the model made none', () => {
    expect(stepsOf(templateSteps(planning)).map(({ name }) => name)).toEqual([
      'approve',
      'codegen',
      'write',
      'lint',
      'test',
      'pull_request',
    ]);
  });

  it('fit the run, whatever the model says, or are refused', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'test', 'write', 'plan', 'lint', 'x y');
    const any = fc.record({
      name,
      tool: fc.constantFrom('codegen', 'codegen', 'manual:ok', 'git_pr'),
      depends_on: fc.array(name, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), (steps) => {
        const made = plannedSteps(plan(...steps.map((each) => step(each.name, each))), planning);
        if (!made.ok) {
          expect(made.errors).not.toEqual([]);
          return;
        }
        expect(preparePlan({ goal: 'g', steps: made.steps }, knownTools, [PLAN_STEP])).toMatchObject({
          ok: true,
          steps: made.steps,
        });
        const order = made.steps.map((each) => each.name);
        for (const { name: own, depends_on: needs } of steps) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(own));
        }
        expect(order.slice(-1)).toEqual(['pull_request']);
      }),
    );
  });
});

describe("a plan's hash", () => {
  const steps = stepsOf(plannedSteps(plan(step('one'), step('two')), planning));

  it('is the same for the same, also after a stay in the database', () => {
    const stored = JSON.parse(JSON.stringify(steps.map((each) => ({ ...each, status: 'pending' })))) as typeof steps;
    expect(planHash(stored, 'a')).toBe(planHash(steps, 'a'));
    expect(shortHash(planHash(steps, 'a'))).toMatch(/^[0-9a-f]{8}$/);
  });

  it('moves with the base and with every step', () => {
    const [first, ...rest] = steps;
    const changed = [{ ...first!, inputs: { ...first!.inputs, prompt: 'else' } }, ...rest];
    const hashes = [planHash(steps, 'a'), planHash(steps, 'b'), planHash(rest, 'a'), planHash(changed, 'a')];
    expect(new Set(hashes).size).toBe(4);
  });
});
