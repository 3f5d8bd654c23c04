import { z } from 'zod';
import { PRICES } from './prices.ts';
import type { ModelPrice } from './prices.ts';

/** Tokens as the Messages API reports them, summed over a run's requests. */
export const Usage = z.object({
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  cacheReadTokens: z.number().int().nonnegative(),
  cacheWrite5mTokens: z.number().int().nonnegative(),
  cacheWrite1hTokens: z.number().int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;

/** What the usage cost. `usd` is null where the model has no known price: shown as "price unknown". */
export const Cost = z.object({
  usd: z.number().nonnegative().nullable(),
  /** What counts against the cap: `usd`, or the dearest known price where it is null. */
  cappedUsd: z.number().nonnegative(),
});
export type Cost = z.infer<typeof Cost>;

/** What a model has cost so far. Carried by errors too, so that a failed attempt is paid for. */
export const Spent = z.object({ usage: Usage, cost: Cost, requests: z.number().int().nonnegative() });
export type Spent = z.infer<typeof Spent>;

const dollars = z.number().nonnegative();

/** Dollars per million tokens. */
export const Price = z.strictObject({
  input: dollars,
  output: dollars,
  cacheRead: dollars,
  cacheWrite5m: dollars,
  cacheWrite1h: dollars,
});
export type Price = z.infer<typeof Price>;

/** Prices by model id, as configuration gives them. They come before the built-in table. */
export const PriceOverrides = z.record(z.string().min(1), Price);
export type PriceOverrides = z.infer<typeof PriceOverrides>;

export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
};
export const NO_COST: Cost = { usd: 0, cappedUsd: 0 };

/**
 * The price of one request to a model, or null when none is known. `promptTokens` matters only for
 * models that charge more for long prompts. Ids may carry a date or an `@version`
 * (`claude-sonnet-5-5-20260928`); a shorter id never stands in for a longer one.
 */
export function priceOf(model: string, overrides: PriceOverrides = {}, promptTokens = 0): Price | null {
  const family = familyOf(model);
  const listed = own(overrides, model) ?? own(overrides, family) ?? own(PRICES, family);
  return listed ? bandFor(listed, promptTokens) : null;
}

/** For each kind of token, the dearest price anyone of the table or the overrides has. */
export function dearestPrice(overrides: PriceOverrides = {}): Price {
  const all = [...Object.values(PRICES), ...Object.values(overrides)].flatMap(bands);
  const most = (kind: keyof Price) => Math.max(...all.map((price) => price[kind]));
  return {
    input: most('input'),
    output: most('output'),
    cacheRead: most('cacheRead'),
    cacheWrite5m: most('cacheWrite5m'),
    cacheWrite1h: most('cacheWrite1h'),
  };
}

/**
 * What one request cost. Sum the costs of requests with addCost, rather than pricing summed usage:
 * some models charge by the length of each request's own prompt.
 */
export function costOf(usage: Usage, model: string, overrides: PriceOverrides = {}): Cost {
  const price = priceOf(model, overrides, promptTokens(usage));
  if (price) {
    const usd = multiply(usage, price);
    return { usd, cappedUsd: usd };
  }
  return { usd: null, cappedUsd: multiply(usage, dearestPrice(overrides)) };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWrite5mTokens: a.cacheWrite5mTokens + b.cacheWrite5mTokens,
    cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
  };
}

/** Unknown plus anything is unknown; what counts against the cap still adds up. */
export function addCost(a: Cost, b: Cost): Cost {
  return {
    usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
    cappedUsd: a.cappedUsd + b.cappedUsd,
  };
}

/** Every token that was read, cached or not. */
export function promptTokens(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
}

function totalTokens(usage: Usage): number {
  return promptTokens(usage) + usage.outputTokens;
}

/** `$0.0123`, from ten dollars `$12.30`, or `price unknown (12,345 tokens)`. */
export function formatCost(cost: Cost, usage: Usage): string {
  if (cost.usd === null) return `price unknown (${totalTokens(usage).toLocaleString('en-US')} tokens)`;
  return `$${cost.usd.toFixed(cost.usd >= 10 ? 2 : 4)}`;
}

/** What a failed attempt had spent when it failed, if the error says so. */
export function spentOf(error: unknown): Spent | null {
  if (!(error instanceof Error) || !('spent' in error)) return null;
  const spent = Spent.safeParse(error.spent);
  return spent.success ? spent.data : null;
}

/** A model's id without its snapshot: a date, on some platforms after an `@`; platform.claude.com, "Model IDs and versioning". */
export function familyOf(model: string): string {
  return model.replace(/[-@]\d{8}$/, '');
}

/** A model id is text from outside: `constructor` is not a model. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function bandFor(price: ModelPrice, prompt: number): Price {
  const { longPrompt, ...base } = price;
  if (!longPrompt || prompt <= longPrompt.above) return base;
  return longPrompt.price;
}

function bands(price: ModelPrice): Price[] {
  const { longPrompt, ...base } = price;
  return longPrompt ? [base, longPrompt.price] : [base];
}

function multiply(usage: Usage, price: Price): number {
  return (
    (usage.inputTokens * price.input +
      usage.outputTokens * price.output +
      usage.cacheReadTokens * price.cacheRead +
      usage.cacheWrite5mTokens * price.cacheWrite5m +
      usage.cacheWrite1hTokens * price.cacheWrite1h) /
    1_000_000
  );
}
