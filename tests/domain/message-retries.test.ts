import { describe, expect, it } from 'vitest';
import { judgeAttempt } from '../../src/domain/message-retries.ts';

const failed = { status: 500, error: 'It answered 500.', retryAfterSeconds: null };
const HOUR = 3_600;

describe('an attempt at a message', () => {
  it('that arrived ends it', () => {
    expect(judgeAttempt({ status: 200, error: null, retryAfterSeconds: null }, 9, 0.5)).toEqual({ kind: 'delivered' });
  });

  it('that failed is followed by a later one, nine in all, over about a day', () => {
    const verdicts = Array.from({ length: 9 }, (_, index) => judgeAttempt(failed, index + 1, 0.5));
    const delays = verdicts.flatMap((verdict) => (verdict.kind === 'retry' ? [verdict.inSeconds] : []));
    expect(delays).toEqual([5, 30, 120, 600, HOUR, 3 * HOUR, 8 * HOUR, 12 * HOUR]);
    expect(verdicts.at(-1)).toEqual({ kind: 'give up', gone: false });
  });

  it('is spread by a quarter either way', () => {
    expect(judgeAttempt(failed, 5, 0)).toEqual({ kind: 'retry', inSeconds: 2_700 });
    expect(judgeAttempt(failed, 5, 1)).toEqual({ kind: 'retry', inSeconds: 4_500 });
  });

  it('waits as long as the receiver asks, within reason', () => {
    const asks = (retryAfterSeconds: number) => judgeAttempt({ status: 429, error: 'busy', retryAfterSeconds }, 1, 0.5);
    expect(asks(60)).toEqual({ kind: 'retry', inSeconds: 60 });
    expect(asks(1)).toEqual({ kind: 'retry', inSeconds: 5 });
    expect(asks(1e9)).toEqual({ kind: 'retry', inSeconds: 12 * HOUR });
  });

  it('that met 410 Gone is the last, also when it is the first', () => {
    expect(judgeAttempt({ ...failed, status: 410 }, 1, 0.5)).toEqual({ kind: 'give up', gone: true });
  });
});
