import { z } from 'zod';
import type { Price } from './pricing.ts';

const Range = z.object({ low: z.number().nonnegative(), high: z.number().nonnegative() });
type Range = z.infer<typeof Range>;

/** What the steps of a plan will probably cost and take, and what that is told from. */
export const Estimate = z.object({
  /** dollars; null where there is nothing to tell it from */
  usd: Range.nullable(),
  /** milliseconds at work; what a person takes to answer is not in it */
  ms: Range.nullable(),
  from: z.discriminatedUnion('kind', [
    /** the last runs that succeeded here */
    z.object({ kind: z.literal('runs'), count: z.number().int() }),
    /** how much the model expects to be written, and its price */
    z.object({ kind: z.literal('model') }),
    z.object({ kind: z.literal('nothing') }),
  ]),
  /** the most that can be spent, whatever happens */
  capUsd: z.number().nonnegative(),
});
export type Estimate = z.infer<typeof Estimate>;

/** What a run that succeeded has cost and taken, planning and waiting left out, and how many codegen steps it had. */
export type Figures = { usd: number; ms: number; pieces: number };

/** Fewer runs than that say little. */
const ENOUGH_RUNS = 3;

/**
 * The model counts what it will write; reading, thinking and trying again come on top. Tokens a second, and how many
 * times the price of what is written.
 */
const WRITES = { fast: 100, slow: 25, most: 5 };

/** An honest range, never past what may be spent. Pure. */
export function estimate(known: {
  recent: readonly Figures[];
  /** how many codegen steps are planned */
  pieces: number;
  /** that the model expects to write in them; 0: not known */
  outputTokens: number;
  /** of the model that writes them; null: not known */
  price: Price | null;
  /** what may still be spent */
  leftUsd: number;
}): Estimate {
  const { recent, pieces, outputTokens: tokens, price, leftUsd } = known;
  const capUsd = leftUsd;
  const past = recent.filter((run) => run.pieces > 0);
  if (past.length >= ENOUGH_RUNS) {
    const each = (figure: (run: Figures) => number) => middle(past.map((run) => (figure(run) / run.pieces) * pieces));
    const from = { kind: 'runs' as const, count: past.length };
    return {
      usd: within(
        each(({ usd }) => usd),
        leftUsd,
      ),
      ms: each(({ ms }) => ms),
      from,
      capUsd,
    };
  }
  if (tokens === 0) return { usd: null, ms: null, from: { kind: 'nothing' }, capUsd };
  const written = price && (tokens * price.output) / 1_000_000;
  return {
    usd: written === null ? null : within({ low: written, high: written * WRITES.most }, leftUsd),
    ms: { low: (tokens / WRITES.fast) * 1_000, high: (tokens / WRITES.slow) * 1_000 },
    from: { kind: 'model' },
    capUsd,
  };
}

/** The middle half of some values, and at least a quarter to each side of the median. */
function middle(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))]!;
  const median = at(0.5);
  return { low: Math.min(at(0.25), median * 0.75), high: Math.max(at(0.75), median * 1.25) };
}

function within({ low, high }: Range, most: number): Range {
  return { low: Math.min(low, most), high: Math.min(high, most) };
}
