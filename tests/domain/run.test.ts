import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideNext, isTolerated, type Failure, type StepStatus } from '../../src/domain/run.ts';

const step = (name: string, status: StepStatus, ...dependsOn: string[]) => ({
  id: `id_${name}`,
  name,
  tool: name.startsWith('ask') ? 'manual:approve' : 'codegen',
  status,
  dependsOn,
});

describe('decideNext', () => {
  it('starts the steps that wait for nothing', () => {
    const moves = decideNext([step('a', 'pending'), step('b', 'pending', 'a'), step('c', 'pending')]);
    expect(moves).toEqual({
      enqueue: ['id_a', 'id_c'],
      ask: [],
      skip: [],
      keep: null,
      end: null,
      because: null,
      pause: false,
    });
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
    expect(moves).toMatchObject({ enqueue: [], skip: ['id_b', 'id_c'], end: 'failed' });
  });

  it('goes on, and ends well, after a failure that is tolerated, but not after another', () => {
    const tolerated = ({ name }: { name: string }) => name === 'lint';
    const gates = (...[lint, test, pr]: [StepStatus, StepStatus, StepStatus]) =>
      decideNext([step('lint', lint), step('test', test, 'lint'), step('pr', pr, 'test')], { tolerated });
    expect(gates('failed', 'pending', 'pending')).toMatchObject({ enqueue: ['id_test'], skip: [], end: null });
    expect(gates('failed', 'succeeded', 'succeeded').end).toBe('succeeded');
    expect(gates('failed', 'failed', 'pending')).toMatchObject({ enqueue: [], skip: ['id_pr'], end: 'failed' });
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
    expect(decideNext([step('codegen', 'stopped'), step('write', 'pending', 'codegen')])).toMatchObject({
      enqueue: [],
      skip: ['id_write'],
      end: 'neutral',
    });
  });

  it('asks a person where the plan says so, and pauses once nothing else can go on', () => {
    const steps = (asked: StepStatus, other: StepStatus) => [
      step('plan', 'succeeded'),
      step('ask', asked, 'plan'),
      step('other', other, 'plan'),
      step('deploy', 'pending', 'ask'),
    ];
    expect(decideNext(steps('pending', 'pending'))).toMatchObject({
      ask: ['id_ask'],
      enqueue: ['id_other'],
      pause: false,
    });
    expect(decideNext(steps('waiting', 'running'))).toMatchObject({ ask: [], enqueue: [], pause: false, end: null });
    expect(decideNext(steps('pending', 'succeeded'))).toMatchObject({
      ask: ['id_ask'],
      enqueue: [],
      pause: true,
      end: null,
    });
    expect(decideNext(steps('waiting', 'succeeded'))).toMatchObject({ ask: [], enqueue: [], pause: true, end: null });
    expect(decideNext(steps('succeeded', 'succeeded'))).toMatchObject({ enqueue: ['id_deploy'], pause: false });
  });

  it.each<[string, StepStatus, boolean, string]>([
    ['nobody answered', 'cancelled', false, 'cancelled'],
    ['somebody cancels it', 'waiting', true, 'cancelled'],
  ])('ends a run that waits when %s', (_why, asked, cancelRequested, end) => {
    const steps = [step('ask', asked), step('deploy', 'pending', 'ask')];
    const moves = decideNext(steps, { cancelRequested });
    expect(moves).toMatchObject({ end, pause: false });
    expect(moves.skip).toContain('id_deploy');
    expect(moves.skip.includes('id_ask')).toBe(asked === 'waiting');
  });

  it('leaves one step open to keep the work of a cancelled run where nobody is at it: one that has a job, if any', () => {
    const keeping = (...statuses: StepStatus[]) =>
      decideNext(
        statuses.map((status, index) => step(`s${index}`, status)),
        { cancelRequested: true, unkept: true },
      );
    expect(keeping('succeeded', 'waiting', 'queued')).toMatchObject({ keep: 'id_s2', skip: ['id_s1'], end: null });
    expect(keeping('succeeded', 'waiting', 'pending')).toMatchObject({ keep: 'id_s1', skip: ['id_s2'], end: null });
    expect(keeping('succeeded', 'running', 'pending')).toMatchObject({ keep: null, skip: ['id_s2'], end: null });
    expect(keeping('succeeded', 'cancelled', 'skipped')).toMatchObject({ keep: null, end: 'cancelled' });
  });

  it('always ends: any plan, worked through in any order with any outcomes, leaves no step blocked', () => {
    const outcome = fc.constantFrom<StepStatus>('succeeded', 'neutral', 'stopped', 'failed', 'cancelled');
    const kind = fc.constantFrom('s', 's', 'ask');
    const plan = fc.array(fc.record({ deps: fc.array(fc.nat(20), { maxLength: 3 }), outcome, kind }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(plan, fc.infiniteStream(fc.nat(100)), (shape, order) => {
        const nameOf = (index: number) => `${shape[index]!.kind}${index}`;
        let steps = shape.map(({ deps }, index) =>
          step(nameOf(index), 'pending', ...(index === 0 ? [] : deps.map((d) => nameOf(d % index)))),
        );
        const set = (ids: string[], status: StepStatus) => {
          steps = steps.map((s) => (ids.includes(s.id) ? { ...s, status } : s));
        };
        for (let turn = 0; turn <= 2 * shape.length + 1; turn += 1) {
          const moves = decideNext(steps);
          set(moves.enqueue, 'running');
          set(moves.ask, 'waiting');
          set(moves.skip, 'skipped');
          if (moves.end !== null) {
            expect(steps.some((s) => ['pending', 'queued', 'running', 'waiting'].includes(s.status))).toBe(false);
            return;
          }
          const running = steps.filter((s) => s.status === 'running');
          const waiting = steps.filter((s) => s.status === 'waiting');
          expect(moves.pause).toBe(running.length === 0);
          expect(running.length + waiting.length).toBeGreaterThan(0);
          const among = [...running, ...waiting];
          const next = among[order.next().value! % among.length]!;
          const { outcome: end } = shape[steps.indexOf(next)]!;
          set([next.id], running.includes(next) ? end : end === 'succeeded' ? end : 'cancelled');
        }
        expect.unreachable('the run never ended');
      }),
    );
  });
});
