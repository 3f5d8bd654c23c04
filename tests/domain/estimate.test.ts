import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../src/domain/estimate.ts';

const price = { input: 2, output: 10, cacheRead: 0.1, cacheWrite5m: 2.5, cacheWrite1h: 4 };
const known = { recent: [], pieces: 1, outputTokens: 10_000, price, leftUsd: 5 };
const run = (usd: number, ms = usd * 60_000, pieces = 1) => ({ usd, ms, pieces });

describe('an estimate', () => {
  it('is the middle of what the last runs came to', () => {
    const recent = [run(0.1), run(0.2), run(0.3), run(0.4), run(3)];
    expect(estimate({ ...known, recent })).toEqual({
      usd: { low: 0.2, high: 0.4 },
      ms: { low: 12_000, high: 24_000 },
      from: { kind: 'runs', count: 5 },
      capUsd: 5,
    });
  });

  it('is never a single figure, and counts by the piece', () => {
    const recent = [run(0.4, 4_000, 2), run(0.2, 2_000), run(0.2, 2_000)];
    expect(estimate({ ...known, recent, pieces: 3 }).usd).toEqual({
      low: expect.closeTo(0.45),
      high: expect.closeTo(0.75),
    });
  });

  it("goes by the model's own count where there are few runs", () => {
    expect(estimate({ ...known, recent: [run(1), run(1)] })).toEqual({
      usd: { low: 0.1, high: 0.5 },
      ms: { low: 100_000, high: 400_000 },
      from: { kind: 'model' },
      capUsd: 5,
    });
    expect(estimate({ ...known, price: null }).usd).toBeNull();
  });

  it('is none where nothing is known', () => {
    expect(estimate({ ...known, outputTokens: 0 })).toMatchObject({ usd: null, ms: null, from: { kind: 'nothing' } });
  });

  it('is never past what may be spent', () => {
    const amount = fc.double({ min: 0, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 6 }), amount, fc.nat(1_000_000), (costs, leftUsd, outputTokens) => {
        const { usd } = estimate({ ...known, recent: costs.map((usd) => run(usd)), leftUsd, outputTokens });
        if (!usd) return;
        expect(usd.low).toBeLessThanOrEqual(usd.high);
        expect(usd.high).toBeLessThanOrEqual(leftUsd);
      }),
    );
  });
});
