import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideNext, isTolerated, type Failure, type StepStatus } from '../../src/domain/run.ts';

const step = (name: string, status: StepStatus, ...dependsOn: string[]) => ({
  id: `id_${name}`,
  name,
  status,
  dependsOn,
});

describe('decideNext', () => {
  it('starts the steps that wait for nothing', () => {
    const moves = decideNext([step('a', 'pending'), step('b', 'pending', 'a'), step('c', 'pending')]);
    expect(moves).toEqual({ enqueue: ['id_a', 'id_c'], skip: [], end: null });
  });

  it('joins a fan-out only when every branch is done', () => {
    const fan = (left: StepStatus, right: StepStatus) =>
      decideNext([
        step('a', 'succeeded'),
        step('left', left, 'a'),
        step('right', right, 'a'),
        step('join', 'pending', 'left', 'right'),
      ]);
    expect(fan('succeeded', 'running').enqueue).toEqual([]);
    expect(fan('succeeded', 'neutral').enqueue).toEqual(['id_join']);
  });

  it('goes on after a neutral gate', () => {
    expect(decideNext([step('gate', 'neutral'), step('pr', 'pending', 'gate')]).enqueue).toEqual(['id_pr']);
  });

  it('skips the rest and fails when a step failed', () => {
    const moves = decideNext([step('a', 'failed'), step('b', 'pending', 'a'), step('c', 'queued')]);
    expect(moves).toEqual({ enqueue: [], skip: ['id_b', 'id_c'], end: 'failed' });
  });

  it('goes on, and ends well, after a failure that is tolerated, but not after another', () => {
    const tolerated = ({ name }: { name: string }) => name === 'lint';
    const gates = (...[lint, test, pr]: [StepStatus, StepStatus, StepStatus]) =>
      decideNext([step('lint', lint), step('test', test, 'lint'), step('pr', pr, 'test')], { tolerated });
    expect(gates('failed', 'pending', 'pending')).toEqual({ enqueue: ['id_test'], skip: [], end: null });
    expect(gates('failed', 'succeeded', 'succeeded').end).toBe('succeeded');
    expect(gates('failed', 'failed', 'pending')).toEqual({ enqueue: [], skip: ['id_pr'], end: 'failed' });
  });

  it('tolerates the verdict of a gate where a draft is wanted, and nothing else', () => {
    const failure = (kind: Failure['kind']) => ({ kind, message: '', next: '' });
    const gate = { tool: 'gate:lint', failure: failure('gate') };
    expect(isTolerated(gate, { onGateFailure: 'draft' })).toBe(true);
    expect(isTolerated(gate, { onGateFailure: 'block' })).toBe(false);
    expect(isTolerated({ ...gate, failure: failure('internal') }, { onGateFailure: 'draft' })).toBe(false);
    expect(isTolerated({ ...gate, tool: 'codegen' }, { onGateFailure: 'draft' })).toBe(false);
  });

  it('waits for running steps before it ends a failed run', () => {
    expect(decideNext([step('a', 'failed'), step('b', 'running')]).end).toBeNull();
  });

  it('ends neutral, not green, when a step found nothing to do', () => {
    expect(decideNext([step('codegen', 'stopped'), step('write', 'pending', 'codegen')])).toEqual({
      enqueue: [],
      skip: ['id_write'],
      end: 'neutral',
    });
  });

  it('always ends: any plan, worked through in any order with any outcomes, leaves no step blocked', () => {
    const outcome = fc.constantFrom<StepStatus>('succeeded', 'neutral', 'stopped', 'failed', 'cancelled');
    const plan = fc.array(fc.record({ deps: fc.array(fc.nat(20), { maxLength: 3 }), outcome }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(plan, fc.infiniteStream(fc.nat(100)), (shape, order) => {
        let steps = shape.map(({ deps }, index) =>
          step(`s${index}`, 'pending', ...(index === 0 ? [] : deps.map((d) => `s${d % index}`))),
        );
        const set = (ids: string[], status: StepStatus) => {
          steps = steps.map((s) => (ids.includes(s.id) ? { ...s, status } : s));
        };
        for (let turn = 0; turn <= shape.length + 1; turn += 1) {
          const moves = decideNext(steps);
          set(moves.enqueue, 'running');
          set(moves.skip, 'skipped');
          if (moves.end !== null) {
            expect(steps.some((s) => ['pending', 'queued', 'running'].includes(s.status))).toBe(false);
            return;
          }
          const running = steps.filter((s) => s.status === 'running');
          expect(running.length).toBeGreaterThan(0);
          const next = running[order.next().value! % running.length]!;
          set([next.id], shape[steps.indexOf(next)]!.outcome);
        }
        expect.unreachable('the run never ended');
      }),
    );
  });
});
