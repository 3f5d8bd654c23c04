import fc from 'fast-check';
import { expect, test } from 'vitest';
import { affordable, createLedger } from '../../src/agent/ledger.ts';
import { NO_USAGE, priceOf, promptTokens } from '../../src/domain/pricing.ts';

const tokens = fc.integer({ min: 0, max: 500_000 });

test('what is allowed can be paid for', () => {
  const price = priceOf('claude-sonnet-5-5')!;
  fc.assert(
    fc.property(
      fc.double({ min: -0.1, max: 0.6, noNaN: true }),
      tokens,
      tokens,
      (leftUsd, cacheReadTokens, outputTokens) => {
        const last = { ...NO_USAGE, cacheReadTokens, outputTokens };
        const allowed = affordable({ leftUsd, price, last, ceiling: 32_000 });
        if (allowed === null) return;
        expect(allowed).toBeGreaterThanOrEqual(1_000);
        expect(allowed).toBeLessThanOrEqual(32_000);
        const usd =
          (promptTokens(last) * price.cacheRead + outputTokens * price.cacheWrite5m + allowed * price.output) / 1e6;
        expect(usd).toBeLessThanOrEqual(leftUsd + 1e-9);
      },
    ),
  );
});

test('a later report of a request replaces the one before; a request that was never answered is none', () => {
  const ledger = createLedger('claude-sonnet-5-5', () => 5);
  ledger.open();
  const report = ledger.open();
  report({ ...NO_USAGE, inputTokens: 10, outputTokens: 1 });
  report({ ...NO_USAGE, inputTokens: 10, outputTokens: 7 });
  expect(ledger.totals()).toMatchObject({ requests: 1, usage: { inputTokens: 10, outputTokens: 7 } });
});

test('each request is priced by its own prompt', () => {
  const ledger = createLedger('claude-haiku-5-5', () => 5);
  ledger.open()({ ...NO_USAGE, inputTokens: 60_000 });
  ledger.open()({ ...NO_USAGE, inputTokens: 60_000 });
  expect(ledger.totals().cost.usd).toBeCloseTo(0.012, 12);
});
