import type { Price } from './pricing.ts';

/** Some models charge more for every token of a request whose prompt is longer than `above` tokens. */
export type ModelPrice = Price & { longPrompt?: { above: number; price: Price } };

/**
 * Dollars per million tokens, standard service tier, global inference. As of 2026-11-22.
 *
 * Source: https://platform.claude.com/docs/en/about-claude/pricing ("Model pricing"). Two rows need a word:
 * - Sonnet 5.5 reads its cache for $0.10 since 2026-10-07, half of what it was launched with on
 *   2026-09-28. Pages written before say $0.20; the current migration guide
 *   (https://platform.claude.com/docs/en/models/sonnet-5-5/migration-guide) says $0.10.
 * - Haiku 5.5 charges five times as much for each request with a prompt over 100,000 tokens, cached
 *   ones included (https://platform.claude.com/docs/en/models/haiku-5-5/overview).
 */
export const PRICES: Readonly<Record<string, ModelPrice>> = {
  'claude-fable-5-2': price(8, 40, 0.2),
  'claude-mythos-5-2': price(8, 40, 0.2),
  'claude-fable-5-1': price(10, 50, 0.25),
  'claude-mythos-5-1': price(10, 50, 0.25),
  'claude-fable-5': price(10, 50, 1),
  'claude-mythos-5': price(10, 50, 1),
  'claude-opus-5-5': price(4, 20, 0.2),
  'claude-opus-5': price(5, 25, 0.5),
  'claude-opus-4-8': price(5, 25, 0.5),
  'claude-opus-4-7': price(5, 25, 0.5),
  'claude-opus-4-6': price(5, 25, 0.5),
  'claude-opus-4-5': price(5, 25, 0.5),
  'claude-sonnet-5-5': price(2, 10, 0.1),
  'claude-sonnet-5': price(2, 10, 0.2),
  'claude-sonnet-4-6': price(3, 15, 0.3),
  'claude-sonnet-4-5': price(3, 15, 0.3),
  'claude-haiku-5-5': { ...price(0.1, 0.5, 0.01), longPrompt: { above: 100_000, price: price(0.5, 2.5, 0.05) } },
  'claude-haiku-4-5': price(1, 5, 0.1),
};

/** A cache write costs 1.25 (five minutes) or 2 (one hour) times the input price, for every model. */
function price(input: number, output: number, cacheRead: number): Price {
  return { input, output, cacheRead, cacheWrite5m: input * 1.25, cacheWrite1h: input * 2 };
}
