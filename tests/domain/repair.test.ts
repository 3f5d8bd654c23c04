import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/domain/mistake.ts';
import { MAX_STEPS, preparePlan, standardPlan, type PlanStep } from '../../src/domain/plan.ts';
import { afterRepairs, planRepair, repairOf } from '../../src/domain/repair.ts';
import { decideNext, type StepStatus } from '../../src/domain/run.ts';
import { standIns } from '../../src/domain/stand-ins.ts';

const TOOLS = ['codegen', 'workspace:write', 'gate:*', 'git_pr'];

/** Steps as a run has them: after `before`, none of them begun. */
function rows(steps: readonly PlanStep[], before: readonly Row[] = []) {
  const prepared = preparePlan({ goal: 'g', steps }, TOOLS, before);
  if (!prepared.ok) throw new Error(wordsOf(prepared.mistakes).join('; '));
  return prepared.steps.map(({ name, tool, inputs }) => ({
    id: `id_${name}`,
    name,
    tool,
    inputs,
    dependsOn: inputs._dependsOn,
    status: 'pending' as StepStatus,
  }));
}
type Row = { id: string; name: string; tool: string; status: StepStatus; dependsOn: string[]; inputs: PreparedInputs };
type PreparedInputs = Record<string, unknown> & { _dependsOn: string[]; _replaces?: string | undefined };

const planned = (gates: string[]) => rows(standardPlan({ goal: 'g', prompt: 'p', gates }).steps);
const ended = (steps: Row[], ...statuses: StepStatus[]) =>
  steps.map((step, at) => ({ ...step, status: statuses[at] ?? step.status }));
const repair = (steps: Row[], failed: string, maxRepairs = 2) =>
  planRepair(
    steps,
    steps.find(({ name }) => name === failed)!,
    { maxRepairs, prompt: 'p' },
  );
const brief = (added: PlanStep[]) =>
  added.map(({ name, inputs }) => `${name} ← ${String(inputs!['fromStep'])} after [${inputs!._dependsOn!.join()}]`);

describe('planRepair', () => {
  const steps = ended(planned(['lint', 'test', 'build']), 'succeeded', 'succeeded', 'succeeded', 'failed');

  it('mends, commits, and runs again what has been run', () => {
    const added = repair(steps, 'test');
    expect(brief(added)).toEqual([
      'repair-1 ← codegen after []',
      'write-1 ← repair-1 after [repair-1]',
      'lint-1 ← write after [write]',
      'test-1 ← write after [lint]',
    ]);
    expect(added.map(({ inputs }) => inputs!._replaces)).toEqual([undefined, 'write', 'lint', 'test']);
    expect(added[0]!.inputs).toMatchObject({ prompt: 'p', repairs: { gate: 'test', number: 1, of: 2 } });
  });

  it('goes on from the attempt before', () => {
    const later = [
      ...ended(steps.slice(0, 4)),
      ...ended(rows(repair(steps, 'test'), steps), ...Array<StepStatus>(4).fill('succeeded')),
    ];
    const again = [...later, { ...steps[4]!, status: 'failed' as const }, steps[5]!];
    expect(brief(repair(again, 'build'))).toEqual([
      'repair-2 ← repair-1 after []',
      'write-2 ← repair-2 after [repair-2]',
      'lint-2 ← write after [write]',
      'test-2 ← write after [lint]',
      'build-2 ← write after [test]',
    ]);
    expect(repair(again, 'build', 1)).toEqual([]);
  });

  it('keeps its names short and its own', () => {
    const long = `g${'x'.repeat(29)}`;
    const gates = planned([long, 'write-1', 'repair-1']);
    const own = ended(gates, ...Array<StepStatus>(4).fill('succeeded'), 'failed');
    const names = repair(own, 'repair-1').map(({ name }) => name);
    expect(names).toEqual(['repair-1-', 'write-1-', `${long}-1`, 'write-1-1', 'repair-1-1']);
    const longest = rows([
      { name: 'c', tool: 'codegen' },
      { name: 'w', tool: 'workspace:write', inputs: { fromStep: 'c' } },
      { name: 'n'.repeat(64), tool: 'gate:test', inputs: { fromStep: 'w' } },
    ]);
    expect(repair(ended(longest, 'succeeded', 'succeeded', 'failed'), 'n'.repeat(64)).at(-1)!.name).toBe(
      `${'n'.repeat(62)}-1`,
    );
  });

  it.each<[string, Row[]]>([
    ['something else is at work', steps.map((step) => (step.name === 'build' ? { ...step, status: 'running' } : step))],
    ['the change is no model’s', steps.map((step) => (step.name === 'codegen' ? { ...step, tool: 'git_pr' } : step))],
    ['the last attempt gave up', [...steps, { ...rows(repair(steps, 'test'), steps)[0]!, status: 'neutral' }]],
    [
      'the run would be too long',
      [
        ...steps,
        ...rows(
          Array.from({ length: MAX_STEPS - 9 }, (_, at) => ({ name: `s${at}`, tool: 'codegen' })),
          steps,
        ),
      ],
    ],
  ])('adds nothing where %s', (_why, all) => {
    expect(repair(all, 'test')).toEqual([]);
  });

  it('says how often it was tried', () => {
    const failure = { kind: 'gate', message: 'Red.', next: 'n' } as const;
    const after = (count: number) =>
      Array.from({ length: count }, () => ({ inputs: { repairs: { gate: 'g', number: 1, of: 9 } } }));
    expect(afterRepairs(failure, [{ inputs: {} }])).toEqual(failure);
    expect(afterRepairs(failure, after(1)).message).toBe('Red. NOFX tried once to mend it.');
    expect(afterRepairs(failure, after(3)).message).toBe('Red. NOFX tried 3 times to mend it.');
  });
});

it('whatever the gates say and the model does, the run ends, and hands in only what the newest gates say of the newest commit', () => {
  const Verdict = fc.constantFrom<StepStatus>('succeeded', 'succeeded', 'neutral', 'failed');
  const Mended = fc.constantFrom<StepStatus>('succeeded', 'succeeded', 'succeeded', 'neutral', 'failed');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.nat(4),
      fc.boolean(),
      fc.infiniteStream(Verdict),
      fc.infiniteStream(Mended),
      (gates, maxRepairs, draft, verdicts, mended) => {
        let steps: Row[] = planned(Array.from({ length: gates }, (_, at) => `gate${at}`));
        const set = (ids: string[], status: StepStatus) => {
          steps = steps.map((step) => (ids.includes(step.id) ? { ...step, status } : step));
        };
        const tolerated = (step: Row) => draft && step.tool.startsWith('gate:');
        for (let turn = 0; turn < 4 * MAX_STEPS; turn += 1) {
          const { enqueue, skip, end, because } = decideNext(steps, { tolerated });
          set(skip, 'skipped');
          set(enqueue, 'running');
          if (end !== null) {
            const { newest, isReplaced } = standIns(steps);
            const current = steps.filter((step) => !isReplaced(step));
            const red = current.filter(({ tool, status }) => tool.startsWith('gate:') && status === 'failed');
            const lost = steps.find((step) => repairOf(step) !== null && step.status === 'failed');
            expect(end).toBe(lost || (red.length > 0 && !draft) ? 'failed' : 'succeeded');
            expect(because).toBe(end === 'failed' ? (lost ?? red[0])!.id : null);
            expect(steps.filter((step) => repairOf(step) !== null).length).toBeLessThanOrEqual(maxRepairs);
            expect(steps.length).toBeLessThanOrEqual(MAX_STEPS);
            if (end === 'succeeded') {
              const write = newest('write')!;
              for (const gate of current.filter(({ tool }) => tool.startsWith('gate:')))
                expect(newest(String(gate.inputs['fromStep']))).toBe(write);
            }
            return;
          }
          const [step] = steps.filter(({ status }) => status === 'running');
          expect(steps.filter(({ status }) => status === 'running')).toHaveLength(1);
          const verdict = step!.tool.startsWith('gate:')
            ? verdicts.next().value!
            : repairOf(step!) === null
              ? 'succeeded'
              : mended.next().value!;
          set([step!.id], verdict);
          if (verdict === 'failed' && step!.tool.startsWith('gate:')) {
            const at = steps.findIndex(({ id }) => id === step!.id);
            const added = repair(steps, step!.name, maxRepairs);
            if (added.length > 0) steps.splice(at + 1, 0, ...rows(added, steps));
          }
        }
        expect.unreachable('the run never ended');
      },
    ),
    { numRuns: 500 },
  );
});
