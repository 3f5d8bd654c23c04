import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { RetryableError, UserError } from '../../src/errors.ts';
import { judge } from '../../src/runs/failure.ts';

const step = { runId: 'run_1', failures: 0, retries: 0, waits: 0 };

const last = (error: unknown) => {
  const verdict = judge(error, { ...step, failures: 2 }, 0.5);
  return 'failure' in verdict ? verdict.failure : null;
};

describe('what a step fails of', () => {
  it.each<[string, unknown]>([
    ['Node, by its code', Object.assign(new Error('write'), { code: 'ENOSPC' })],
    ['git, in its words', new Error('git init failed (exit 1): error: unable to write: No space left on device')],
    [
      'what lies behind another error',
      new Error('could not be stored', { cause: Object.assign(new Error('x'), { code: 'EDQUOT' }) }),
    ],
  ])('is a full disk where %s says so: nothing of the server is told', (_who, error) => {
    expect(last(error)).toEqual({
      kind: 'internal',
      message: 'The server that NOFX runs on has no room left on its disk.',
      next: expect.stringContaining('run_1'),
    });
  });

  it('is what the database said where that refused a query, and neither the statement nor its values', () => {
    const refused = new DrizzleQueryError(
      'update step set outputs = $1',
      ['no space left on device'],
      new Error('too large'),
    );
    expect(last(refused)?.message).toBe('NOFX itself failed: too large');
  });

  it('is tried again later each time, the fault that time might mend more often than our own, and spread', () => {
    const waits = (error: unknown, random: number) => {
      const all: number[] = [];
      const tried = { ...step };
      for (;;) {
        const verdict = judge(error, tried, random);
        if ('failure' in verdict) return { all, failure: verdict.failure };
        tried[verdict.counts] += 1;
        all.push(verdict.retryInSeconds);
      }
    };
    expect(waits(new RetryableError('busy'), 1)).toMatchObject({ all: [2, 4, 8, 16], failure: { kind: 'rate_limit' } });
    expect(waits(new RetryableError('busy'), 0).all).toEqual([1, 2, 4, 8]);
    expect(waits(new Error('ours'), 1)).toMatchObject({ all: [2, 4], failure: { kind: 'internal' } });
    const asked = waits(new RetryableError('busy', { retryAfterMs: 60_000 }), 1).all;
    expect(asked.slice(0, 4)).toEqual([66, 66, 66, 66]);
    expect(asked.reduce((all, one) => all + one) / 3_600, 'hours, if all wait for long').toBeGreaterThan(24);
    expect(Math.max(...asked), 'backoff has an end').toBe(120);
  });

  it('is tried again first, but for what only a person can mend', () => {
    expect(judge(Object.assign(new Error('write'), { code: 'ENOSPC' }), step, 0.5)).toHaveProperty('retryInSeconds');
    expect(judge(new RetryableError('busy', { retryAfterMs: 60_000 }), step, 0)).toEqual({
      retryInSeconds: 60,
      counts: 'waits',
    });
    expect(judge(new UserError('wrong', 'mend it'), step, 0.5)).toEqual({
      failure: { kind: 'configuration', message: 'wrong', next: 'mend it' },
    });
  });
});
