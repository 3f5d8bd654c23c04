import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addCost,
  addUsage,
  costOf,
  dearestPrice,
  formatCost,
  NO_COST,
  NO_USAGE,
  priceOf,
  PriceOverrides,
  spentOf,
} from '../../src/domain/pricing.ts';
import type { Usage } from '../../src/domain/pricing.ts';
import { PRICES } from '../../src/domain/prices.ts';

const tokens = fc.integer({ min: 0, max: 2_000_000 });
const usages = fc.record<Usage>({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWrite5mTokens: tokens,
  cacheWrite1hTokens: tokens,
});
const flatModels = Object.keys(PRICES).filter((model) => !PRICES[model]?.longPrompt);

describe('priceOf', () => {
  test('knows a model by its id and by a dated snapshot of it', () => {
    expect(priceOf('claude-sonnet-5-5')).toMatchObject({ input: 2, output: 10, cacheRead: 0.1 });
    expect(priceOf('claude-sonnet-5-5-20260929')).toEqual(priceOf('claude-sonnet-5-5'));
    expect(priceOf('claude-haiku-4-5@20251001')).toEqual(priceOf('claude-haiku-4-5'));
  });

  test('never takes one model for another', () => {
    expect(priceOf('claude-sonnet-5')).toMatchObject({ cacheRead: 0.2 });
    expect(priceOf('claude-sonnet-5-6')).toBeNull();
    expect(priceOf('claude-sonnet-5-55')).toBeNull();
    expect(priceOf('claude-sonnet-5-5-latest')).toBeNull();
    expect(priceOf('my-claude-sonnet-5-5')).toBeNull();
    expect(priceOf('__proto__')).toBeNull();
    expect(priceOf('constructor')).toBeNull();
  });

  test('lets configuration come first, for the exact id and for its snapshots', () => {
    const mine = { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 };
    const other = { ...mine, input: 9 };
    expect(priceOf('claude-sonnet-5-5', { 'claude-sonnet-5-5': mine })).toEqual(mine);
    expect(priceOf('claude-sonnet-5-5-20260929', { 'claude-sonnet-5-5': mine })).toEqual(mine);
    const both = { 'claude-sonnet-5-5': mine, 'claude-sonnet-5-5-20260929': other };
    expect(priceOf('claude-sonnet-5-5-20260929', both)).toEqual(other);
  });

  test('charges a long prompt of Haiku 5.5 five times', () => {
    expect(priceOf('claude-haiku-5-5', {}, 100_000)?.input).toBe(0.1);
    expect(priceOf('claude-haiku-5-5', {}, 100_001)?.input).toBe(0.5);
    const usage = { ...NO_USAGE, cacheReadTokens: 200_000, outputTokens: 1000 };
    expect(costOf(usage, 'claude-haiku-5-5').usd).toBeCloseTo(0.2 * 0.05 + 0.001 * 2.5, 12);
  });
});

test('overrides are checked', () => {
  expect(PriceOverrides.safeParse({ m: { input: 1, output: 2 } }).success).toBe(false);
  expect(
    PriceOverrides.safeParse({ m: { input: -1, output: 2, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 } }).success,
  ).toBe(false);
});

test('a cost is its tokens times their prices', () => {
  const usage = {
    inputTokens: 1_000,
    outputTokens: 2_000,
    cacheReadTokens: 30_000,
    cacheWrite5mTokens: 4_000,
    cacheWrite1hTokens: 500,
  };
  const usd = (1_000 * 2 + 2_000 * 10 + 30_000 * 0.1 + 4_000 * 2.5 + 500 * 4) / 1e6;
  expect(costOf(usage, 'claude-sonnet-5-5').usd).toBeCloseTo(usd, 12);
});

test('adding usages is summing costs, where a model has one price', () => {
  fc.assert(
    fc.property(usages, usages, fc.constantFrom(...flatModels, 'unknown-model'), (a, b, model) => {
      const together = costOf(addUsage(a, b), model);
      const apart = addCost(costOf(a, model), costOf(b, model));
      expect(together.cappedUsd).toBeCloseTo(apart.cappedUsd, 9);
      expect(together.usd === null).toBe(apart.usd === null);
    }),
  );
});

test('what counts against the cap is never below the real cost', () => {
  fc.assert(
    fc.property(usages, fc.constantFrom(...Object.keys(PRICES), 'unknown-model'), (usage, model) => {
      const cost = costOf(usage, model);
      expect(cost.cappedUsd).toBeGreaterThanOrEqual(cost.usd ?? 0);
      // An unknown model is charged at least what it would be under any known name.
      expect(costOf(usage, 'unknown-model').cappedUsd).toBeGreaterThanOrEqual(cost.cappedUsd - 1e-9);
    }),
  );
});

test('the dearest price counts overrides in', () => {
  const mine = { input: 100, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  expect(dearestPrice({ mine }).input).toBe(100);
  expect(dearestPrice().output).toBe(50);
});

test('an unknown price is said, not invented', () => {
  const usage = { ...NO_USAGE, inputTokens: 12_000, outputTokens: 345 };
  const cost = costOf(usage, 'someone-elses-model');
  expect(cost.usd).toBeNull();
  expect(formatCost(cost, usage)).toBe('price unknown (12,345 tokens)');
  expect(addCost(NO_COST, cost).usd).toBeNull();
  expect(formatCost({ usd: 0.01234, cappedUsd: 0.01234 }, usage)).toBe('$0.0123');
  expect(formatCost({ usd: 12.3, cappedUsd: 12.3 }, usage)).toBe('$12.30');
});

test('an error can say what it spent', () => {
  const spent = { usage: NO_USAGE, cost: NO_COST, requests: 3 };
  expect(spentOf(Object.assign(new Error('x'), { spent }))).toEqual(spent);
  expect(spentOf(new Error('x'))).toBeNull();
  expect(spentOf(Object.assign(new Error('x'), { spent: 'much' }))).toBeNull();
});
