import { z } from 'zod';

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
