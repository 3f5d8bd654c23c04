import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { preparePlan, type PlanStep, type PreparedStep } from '../../src/domain/plan.ts';
import { planRepair } from '../../src/domain/repair.ts';
import { standIns } from '../../src/domain/stand-ins.ts';
import type { StepStatus } from '../../src/domain/run.ts';
import { knownTools } from '../../src/handlers/registry.ts';

const step = (name: string, tool: string, inputs: PlanStep['inputs'] = {}): PlanStep => ({ name, tool, inputs });
const code = (name: string, inputs: PlanStep['inputs'] = {}) => step(name, 'codegen', { prompt: 'p', ...inputs });
const write = (name: string, fromStep: string) => step(name, 'workspace:write', { fromStep });
const mistakesOf = (...steps: PlanStep[]) => {
  const prepared = preparePlan({ goal: 'g', steps }, knownTools);
  return prepared.ok ? [] : prepared.mistakes;
};
const field = (at: number, name = 'fromStep') => `steps.${at}.inputs.${name}`;
const [CHANGE, COMMIT] = ['change', 'commit'].map((what) => `it takes a step before it that hands on a ${what}: `);

describe('what a step goes on from', () => {
  it.each<[string, PlanStep[], string, string]>([
    [
      'a step that is not there',
      [code('code'), write('write', 'x')],
      field(1),
      `step "write": fromStep: there is no step "x"; ${CHANGE}name "code"`,
    ],
    [
      'nothing',
      [code('code'), step('write', 'workspace:write')],
      field(1),
      `step "write": fromStep: is missing; ${CHANGE}name "code"`,
    ],
    [
      'what is no name',
      [code('code'), step('write', 'workspace:write', { fromStep: 7 })],
      field(1),
      `step "write": fromStep: is not the name of a step; ${CHANGE}name "code"`,
    ],
    [
      'itself',
      [write('write', 'write')],
      field(0),
      `step "write": fromStep: it does not wait for "write"; ${CHANGE}put one of the tool codegen there`,
    ],
    [
      'a step that comes later',
      [step('test', 'gate:test', { fromStep: 'write' }), code('code'), write('write', 'code')],
      field(0),
      `step "test": fromStep: it does not wait for "write"; ${COMMIT}put one of the tool workspace:write there`,
    ],
    [
      'a step beside it',
      [code('code'), write('write', 'code'), code('other', { fromStep: 'write', _dependsOn: [] })],
      field(2),
      `step "other": fromStep: it does not wait for "write"; ${CHANGE}put one of the tool codegen there`,
    ],
    [
      'a change where it takes a commit',
      [code('code'), write('write', 'code'), step('pr', 'git_pr', { fromStep: 'code' })],
      field(2),
      `step "pr": fromStep: "code" hands on no commit; ${COMMIT}name "write"`,
    ],
    [
      'a gate',
      [
        code('code'),
        write('write', 'code'),
        step('test', 'gate:test', { fromStep: 'write' }),
        code('more', { fromStep: 'test' }),
      ],
      field(3),
      `step "more": fromStep: "test" hands on no change; ${CHANGE}name "write"`,
    ],
    [
      'a step that it would stand in for',
      [code('code'), code('other', { _replaces: 'code' })],
      field(1, '_replaces'),
      'step "other": _replaces: the run has no step "code" that hands on the same; leave it out',
    ],
    [
      'the findings of no gate that has failed',
      [code('code'), code('repair', { fromStep: 'code', repairs: { gate: 'test', number: 1, of: 1 } })],
      field(1, 'repairs'),
      'step "repair": repairs: the run has no such gate that has failed; leave it out',
    ],
  ])('is refused: %s', (_what, steps, where, message) => {
    expect(mistakesOf(...steps)).toEqual([{ field: where, message }]);
  });

  it('may stand further down, where the order is told', () => {
    expect(
      mistakesOf(
        step('push', 'git_push', { fromStep: 'write', _dependsOn: ['test'] }),
        step('test', 'gate:test', { fromStep: 'write', _dependsOn: ['write'] }),
        { ...write('write', 'code'), inputs: { fromStep: 'code', _dependsOn: ['code'] } },
        code('code', { _dependsOn: [] }),
      ),
    ).toEqual([]);
  });

  it('is the same for steps that are added to a run: what it has done is there, what it has not is not', () => {
    const existing = (status: string) => [
      { name: 'code', tool: 'codegen', status },
      { name: 'ask', tool: 'manual:go', inputs: { _dependsOn: [] }, status: 'succeeded' },
    ];
    const added = [{ ...write('write', 'code'), inputs: { fromStep: 'code', _dependsOn: ['ask'] } }];
    expect(preparePlan({ goal: 'g', steps: added }, knownTools, existing('succeeded'))).toMatchObject({ ok: true });
    expect(preparePlan({ goal: 'g', steps: added }, knownTools, existing('running'))).toMatchObject({
      ok: false,
      mistakes: [{ field: field(0) }],
    });
  });
});

/** What a step leaves behind for others, as its handler does: a change set of its own, the record of a commit. */
type Left = { changeSet: boolean; commit: boolean };

/** What a handler reads, and what it leaves; throws where it does not find it. Written without a look at domain/sources.ts. */
function work({ tool, inputs }: PreparedStep, read: (name: unknown) => Left): Left {
  const change = (name: unknown) => {
    const { changeSet, commit } = read(name);
    if (!changeSet && !commit) throw new Error(`${String(name)} has no change`);
  };
  const commit = (name: unknown) => {
    if (!read(name).commit) throw new Error(`${String(name)} has no commit`);
  };
  const from = inputs['fromStep'];
  const [changed, committed, nothing] = [
    { changeSet: true, commit: false },
    { changeSet: false, commit: true },
    { changeSet: false, commit: false },
  ];
  if (tool.startsWith('gate:') || tool === 'git_pr' || tool === 'git_push') return (commit(from), nothing);
  if (tool === 'workspace:write') return (change(from), committed);
  if (tool.startsWith('manual:')) return nothing;
  switch (tool === 'git_ops' ? inputs['operation'] : tool) {
    case 'commit':
      return (change(from), committed);
    case 'push':
    case 'tag':
      return (commit(from), nothing);
    case 'branch':
    case 'switch':
      if (from !== undefined && read(from).commit) return committed;
  }
  if (from !== undefined) change(from);
  if (inputs['mode'] === 'pop') change(inputs['stash']);
  if (inputs['operation'] === 'reset' && inputs['mode'] === 'hard' && inputs['commit'] !== 'base')
    change(inputs['commit']);
  return changed;
}

type Row = PreparedStep & { status: StepStatus };

it('whatever a plan says, it is refused, or each step finds what it goes on from, in any order, and also what mends it', () => {
  const At = fc.nat(14);
  const Given = fc.record({
    fromStep: fc.option(At, { freq: 8, nil: undefined }),
    _dependsOn: fc.option(fc.array(At, { maxLength: 2 }), { freq: 1, nil: undefined }),
    commit: fc.option(At, { nil: undefined }),
    stash: fc.option(At, { nil: undefined }),
  });
  const Tool = fc.constantFrom<[string, object?]>(
    ['codegen', { prompt: 'p' }],
    ['workspace:write'],
    ['gate:test'],
    ['git_pr'],
    ['git_push'],
    ['manual:go'],
    ['git_ops', { operation: 'commit' }],
    ['git_ops', { operation: 'sync' }],
    ['git_ops', { operation: 'switch', branch_name: 'nofx/x' }],
    ['git_ops', { operation: 'push' }],
    ['git_ops', { operation: 'stash', mode: 'push' }],
    ['git_ops', { operation: 'stash', mode: 'pop' }],
    ['git_ops', { operation: 'reset', mode: 'hard' }],
  );
  const Steps = fc.array(fc.record({ tool: Tool, given: Given, stray: fc.nat(30) }), { minLength: 1, maxLength: 6 });
  const seen = { refused: 0, done: 0, mended: 0 };
  fc.assert(
    fc.property(Steps, fc.infiniteStream(fc.nat(5)), fc.infiniteStream(fc.boolean()), (given, picks, verdicts) => {
      const asked = given.map((one, at) => planned(one, at));
      const steps = [code('code'), write('write', 'code'), ...asked];
      const prepared = preparePlan({ goal: 'g', steps }, knownTools);
      if (!prepared.ok) return void (seen.refused += 1);
      seen.done += 1;
      let rows: Row[] = prepared.steps.map((each) => ({ ...each, status: 'pending' }));
      const left = new Map<string, Left>();
      const read = (name: unknown) => {
        const found = left.get(standIns(rows).newest(String(name))?.name ?? '');
        if (!found) throw new Error(`${String(name)} is not done`);
        return found;
      };
      const isDone = (name: string) => ['succeeded', 'failed'].includes(standIns(rows).newest(name)!.status);
      for (;;) {
        const ready = rows.filter((row) => row.status === 'pending' && row.inputs._dependsOn.every(isDone));
        if (ready.length === 0) break;
        const next = ready[picks.next().value % ready.length]!;
        left.set(next.name, work(next, read));
        const fails = next.tool.startsWith('gate:') && verdicts.next().value;
        rows = rows.map((row) => (row === next ? { ...row, status: fails ? 'failed' : 'succeeded' } : row));
        const at = rows.findIndex(({ name }) => name === next.name);
        const mends = fails ? planRepair(rows, rows[at]!, { maxRepairs: 2, prompt: 'p' }) : [];
        if (mends.length === 0) continue;
        seen.mended += 1;
        const added = preparePlan({ goal: 'g', steps: mends }, knownTools, rows);
        if (!added.ok) throw new Error(added.mistakes.map(({ message }) => message).join('; '));
        rows.splice(at + 1, 0, ...added.steps.map((each) => ({ ...each, status: 'pending' as const })));
      }
      expect(rows.filter(({ status }) => status === 'pending')).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
});

type Given = {
  tool: [string, object?];
  given: Record<'fromStep' | 'commit' | 'stash', number | undefined> & { _dependsOn: number[] | undefined };
  /** 0: it stands in for a step */
  stray: number;
};

/** A step that mostly names steps before it, with inputs that its tool takes: with others the plan is refused for them. */
function planned({ tool: [tool, own], given, stray }: Given, at: number): PlanStep {
  const { fromStep, _dependsOn, commit, stash } = given;
  const names = ['code', 'write', ...'abcdef'];
  const before = (pick: number) => (pick < 5 ? 'write' : pick === 14 ? 'f' : names[pick % (at + 2)]!);
  const { operation, mode } = { operation: '', mode: '', ...own };
  return step('abcdef'[at]!, tool, {
    ...own,
    ...(fromStep !== undefined && { fromStep: before(fromStep) }),
    ...(_dependsOn && { _dependsOn: _dependsOn.map(before) }),
    ...(operation === 'reset' && commit !== undefined && { commit: before(commit) }),
    ...(mode === 'pop' && stash !== undefined && { stash: before(stash) }),
    ...(stray === 0 && { _replaces: 'code' }),
  });
}
