import {
  addCost,
  addUsage,
  costOf,
  dearestPrice,
  NO_COST,
  NO_USAGE,
  priceOf,
  promptTokens,
} from '../domain/pricing.ts';
import type { Price, PriceOverrides, Spent, Usage } from '../domain/pricing.ts';

/** Output tokens below which a reply is not worth asking for: it would be cut in the middle. */
const LEAST_REPLY = 1_000;

export type Ledger = {
  /** Opens the account of one request; call the result with what the API reports, as often as it does. */
  open(): (reported: Usage) => void;
  totals(): Spent;
  /** `max_tokens` for the next request so that it stays about within the cap; null when the cap is reached. */
  allowance(ceiling: number): number | null;
};

/** Adds up what a run's requests use, each priced by itself, and says how much the next one may. */
export function createLedger(model: string, capUsd: () => number, prices: PriceOverrides = {}): Ledger {
  const requests: Usage[] = [];

  function totals(): Spent {
    return {
      usage: requests.reduce(addUsage, NO_USAGE),
      cost: requests.map((usage) => costOf(usage, model, prices)).reduce(addCost, NO_COST),
      requests: requests.length,
    };
  }

  return {
    open() {
      let index: number | null = null;
      return (reported) => {
        index ??= requests.push(reported) - 1;
        requests[index] = reported;
      };
    },
    totals,
    allowance(ceiling) {
      const last = requests.at(-1) ?? NO_USAGE;
      const price = priceOf(model, prices, promptTokens(last)) ?? dearestPrice(prices);
      return affordable({ leftUsd: capUsd() - totals().cost.cappedUsd, price, last, ceiling });
    },
  };
}

/**
 * How many output tokens the money left pays for. The next prompt is at least the last one, from the
 * cache, and its reply, new to the cache; what tools add to it is not known yet and may go over.
 */
export function affordable(input: { leftUsd: number; price: Price; last: Usage; ceiling: number }): number | null {
  const { leftUsd, price, last, ceiling } = input;
  if (leftUsd <= 0) return null;
  const promptUsd = (promptTokens(last) * price.cacheRead + last.outputTokens * price.cacheWrite5m) / 1_000_000;
  if (promptUsd >= leftUsd) return null;
  if (price.output === 0) return ceiling;
  const tokens = Math.min(ceiling, Math.floor(((leftUsd - promptUsd) * 1_000_000) / price.output));
  return tokens < Math.min(LEAST_REPLY, ceiling) ? null : tokens;
}
