import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  argumentMistakes,
  GitOp,
  LEAST_MODE,
  modeErrors,
  refusal,
  type GitOperation,
} from '../../src/domain/git-ops.ts';
import { wordsOf } from '../../src/domain/mistake.ts';
import { preparePlan, type PlanStep } from '../../src/domain/plan.ts';
import { GitMode } from '../../src/domain/project.ts';
import { gitOpTitle } from '../../src/domain/report-git-ops.ts';

/** Each operation as SPEC.md spells it, and what of it is wrong in which words. */
const OPERATIONS: { op: { operation: GitOperation } & Record<string, unknown>; wrong: [object, string][] }[] = [
  { op: { operation: 'commit', message: 'fix: it' }, wrong: [[{ message: ' ' }, 'message: Too small']] },
  { op: { operation: 'sync' }, wrong: [[{ source_branch: 'main' }, 'Unrecognized key: "source_branch"']] },
  {
    op: { operation: 'branch', branch_name: 'nofx/a' },
    wrong: [
      [{ branch_name: undefined }, 'branch_name: '],
      [{ branch_name: 'main' }, 'branch_name: must be a name under nofx/'],
      [{ branch_name: 'nofx/' }, 'branch_name: must be a name under nofx/'],
      [{ branch_name: 'nofx/../main' }, 'branch_name: must be a name under nofx/'],
    ],
  },
  {
    op: { operation: 'switch', branch_name: 'nofx/a' },
    wrong: [[{ branch_name: 'a' }, 'branch_name: must be a name under nofx/']],
  },
  { op: { operation: 'push' }, wrong: [[{ branch_name: '+HEAD:main' }, 'branch_name: must be a name under nofx/']] },
  { op: { operation: 'pull' }, wrong: [[{ source_branch: '--upload-pack=x' }, 'source_branch: must be the name']] },
  {
    op: { operation: 'merge', source_branch: 'feature/x' },
    wrong: [
      [{ source_branch: undefined }, 'source_branch: '],
      [{ source_branch: '-X theirs' }, 'source_branch: must be the name'],
      [{ source_branch: 'a'.repeat(40) }, 'source_branch: must be the name'],
    ],
  },
  {
    op: { operation: 'rebase', onto_branch: 'main' },
    wrong: [[{ onto_branch: 'a..b' }, 'onto_branch: must be the name']],
  },
  {
    op: { operation: 'cherry-pick', commit_sha: '1a2b3c4' },
    wrong: [
      [{ commit_sha: 'HEAD~1' }, 'commit_sha: must be a commit'],
      [{ commit_sha: '1a2b3c' }, 'commit_sha: must be a commit'],
      [{ options: ['--no-commit'] }, 'Unrecognized key: "options"'],
    ],
  },
  {
    op: { operation: 'revert', commit_sha: 'a'.repeat(40) },
    wrong: [[{ commit_sha: 'main' }, 'commit_sha: must be a']],
  },
  { op: { operation: 'stash' }, wrong: [[{ mode: 'drop' }, 'mode: Invalid option']] },
  { op: { operation: 'reset', mode: 'hard', commit: 'base' }, wrong: [[{ mode: 'keep' }, 'mode: Invalid option']] },
  {
    op: { operation: 'tag', tag_name: 'nofx/v1' },
    wrong: [[{ tag_name: 'v1' }, 'tag_name: must be a name under nofx/']],
  },
];

const step = (inputs: Record<string, unknown>, name = 'step'): PlanStep => ({ name, tool: 'git_ops', inputs });
const code = (name: string): PlanStep => ({ name, tool: 'codegen', inputs: { prompt: 'p' } });
const prepare = (...steps: PlanStep[]) =>
  preparePlan({ goal: 'g', steps }, ['codegen', 'workspace:write', 'git_ops', 'gate:*']);
const errorsOf = (...steps: PlanStep[]) => {
  const prepared = prepare(...steps);
  return prepared.ok ? [] : wordsOf(prepared.mistakes);
};
const inputsOf = (...steps: PlanStep[]) => {
  const prepared = prepare(...steps);
  if (!prepared.ok) throw new Error(wordsOf(prepared.mistakes).join('; '));
  return prepared.steps.map(({ inputs: { _dependsOn, _policy, ...inputs } }) => inputs);
};

describe('git operations', () => {
  it.each(OPERATIONS)('takes $op.operation as it is spelled, and nothing else', ({ op, wrong }) => {
    expect(argumentMistakes([step(op)])).toEqual([]);
    for (const [change, words] of wrong)
      expect(wordsOf(argumentMistakes([step({ ...op, ...change })]))).toEqual([
        expect.stringContaining(`step "step": ${words}`),
      ]);
  });

  it('knows every operation, and says which where it does not', () => {
    expect(OPERATIONS.map(({ op }) => op.operation).toSorted()).toEqual(Object.keys(LEAST_MODE).toSorted());
    const all = Object.keys(LEAST_MODE).join(', ');
    for (const inputs of [{ operation: 'gc' }, {}])
      expect(wordsOf(argumentMistakes([step(inputs)]))).toEqual([`step "step": operation: must be one of ${all}`]);
  });

  it.each(OPERATIONS)('allows $op.operation from its mode upward, before the run and in it', ({ op }) => {
    const least = GitMode.options.indexOf(LEAST_MODE[op.operation]);
    for (const [at, mode] of GitMode.options.entries()) {
      const allowed = at >= least;
      expect(modeErrors([step(op)], mode)).toEqual(
        allowed
          ? []
          : [
              `step "step": ${op.operation} takes the git mode ${LEAST_MODE[op.operation]} or above, and here it is ${mode}`,
            ],
      );
      expect(refusal('step', op.operation, mode)?.kind).toBe(allowed ? undefined : 'policy');
    }
  });

  it('allows each mode what SPEC.md says', () => {
    const from = (mode: GitMode) =>
      Object.entries(LEAST_MODE).flatMap(([name, least]) => (least === mode ? [name] : []));
    expect(from('hidden')).toEqual(['commit', 'sync']);
    expect(from('basic')).toEqual(['branch', 'merge', 'push', 'pull', 'switch']);
    expect(from('advanced')).toEqual(['rebase', 'cherry-pick', 'stash', 'reset', 'tag', 'revert']);
  });

  it('speaks no git to business users', () => {
    const said = OPERATIONS.flatMap(({ op }) => [
      gitOpTitle(GitOp.parse(op), 'hidden'),
      ...Object.values(refusal('step', op.operation, 'hidden') ?? {}),
    ]);
    expect(said.join('\n')).not.toMatch(/git\b|branch|commit|merge|rebase|push|pull|tag|stash|revert|cherry/i);
  });

  it('says what it does', () => {
    expect(OPERATIONS.map(({ op }) => gitOpTitle(GitOp.parse(op), 'basic'))).toMatchInlineSnapshot(`
      [
        "Commit the changes: \`fix: it\`",
        "Bring in the newest base",
        "Make the branch \`nofx/a\`",
        "Go on on the branch \`nofx/a\`",
        "Push the branch",
        "Pull the newest base",
        "Merge \`feature/x\`",
        "Rebase onto \`main\`",
        "Cherry-pick \`1a2b3c4\`",
        "Revert \`aaaaaaa\`",
        "Set the changes aside",
        "Go back to \`base\`",
        "Tag the commit as \`nofx/v1\`",
      ]
    `);
  });

  it('lets no name through that is an option or leaves nofx/, whatever it is', () => {
    const names = fc.oneof(
      fc.string(),
      fc.string().map((text) => `nofx/${text}`),
      fc.constantFrom(
        '-',
        '--',
        '-f',
        '--exec=x',
        'nofx/..',
        'nofx/a..b',
        'nofx/-x',
        'refs/heads/main',
        'nofx/a:main',
        'nofx/a b',
      ),
    );
    const own = [
      ['branch', 'branch_name'],
      ['switch', 'branch_name'],
      ['push', 'branch_name'],
      ['tag', 'tag_name'],
    ] as const;
    const read = [
      ['merge', 'source_branch'],
      ['pull', 'source_branch'],
      ['rebase', 'onto_branch'],
    ] as const;
    fc.assert(
      fc.property(names, (name) => {
        for (const [operation, field] of own) {
          if (GitOp.safeParse({ operation, [field]: name }).success) expect(name).toMatch(/^nofx\/[^ :~^?*[\\]+$/);
        }
        for (const [operation, field] of read) {
          if (GitOp.safeParse({ operation, [field]: name }).success) expect(name).not.toMatch(/^-|[ :]|\.\./);
        }
        if (GitOp.safeParse({ operation: 'revert', commit_sha: name }).success)
          expect(name).toMatch(/^[0-9a-f]{7,40}$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('git operations in a plan', () => {
  it('go on from the newest before them, and a plan may begin with one', () => {
    expect(
      inputsOf(
        step({ operation: 'sync' }, 'sync'),
        code('code'),
        step({ operation: 'rebase' }, 'rebase'),
        step({ operation: 'commit' }, 'commit'),
        step({ operation: 'switch', branch_name: 'nofx/x' }, 'switch'),
        step({ operation: 'push' }, 'push'),
        step({ operation: 'reset' }, 'reset'),
        step({ operation: 'stash' }, 'stash'),
        step({ operation: 'stash', mode: 'pop' }, 'pop'),
        step({ operation: 'tag', tag_name: 'nofx/t' }, 'tag'),
      ).map(({ fromStep, stash, commit }) => ({ fromStep, stash, commit })),
    ).toEqual([
      {},
      { fromStep: 'sync' },
      { fromStep: 'code' },
      { fromStep: 'rebase' },
      { fromStep: 'commit' },
      { fromStep: 'switch' },
      { fromStep: 'switch', commit: 'switch' },
      { fromStep: 'reset' },
      { fromStep: 'stash', stash: 'stash' },
      { fromStep: 'switch' },
    ]);
  });

  it('have the code behind them go on from them', () => {
    const pick = step({ operation: 'cherry-pick', commit_sha: '1a2b3c4' }, 'pick');
    const from = inputsOf(code('zero'), code('one'), pick, code('two'), code('three')).map(({ fromStep }) => fromStep);
    expect(from).toEqual([undefined, undefined, 'one', 'pick', 'two']);
  });

  it('go on from nothing that they do not wait for', () => {
    const [, , beside] = inputsOf(
      code('one'),
      { ...code('two'), inputs: { prompt: 'p', _dependsOn: [] } },
      step({ operation: 'commit' }, 'commit'),
    );
    expect(beside).toMatchObject({ fromStep: 'two' });
  });

  it('name every mistake of the plan at once', () => {
    expect(
      errorsOf(
        step({ operation: 'commit' }, 'a'),
        step({ operation: 'stash', mode: 'pop', stash: 'a' }, 'b'),
        code('code'),
        step({ operation: 'push' }, 'c'),
        step({ operation: 'tag', tag_name: 'v1' }, 'd'),
        step({ operation: 'sync', fromStep: 'e' }, 'e'),
        step({ operation: 'reset', commit: '1a2b3c4' }, 'f'),
        step({ operation: 'push', fromStep: 'code' }, 'g'),
      ),
    ).toEqual([
      'step "d": tag_name: must be a name under nofx/',
      'step "a": fromStep: is missing; it takes a step before it that hands on a change: put one of the tool codegen there',
      'step "b": stash: "a" is not what was set aside before it',
      'step "e": fromStep: it does not wait for "e"; it takes a step before it that hands on a change: name "code"',
      'step "f": commit: "1a2b3c4" is neither HEAD, base nor a step before it that hands on a change',
      'step "g": fromStep: "code" hands on no commit; it takes a step before it that hands on a commit: name "a"',
    ]);
  });

  it('are the same when they are prepared again', () => {
    const steps = [code('code'), step({ operation: 'commit' }, 'commit'), step({ operation: 'push' }, 'push')];
    const once = prepare(...steps);
    expect(once.ok && prepare(...once.steps)).toEqual(once);
  });
});
