export type Spread = { median: number; min: number; max: number; n: number };

/** Median, least and most. Empty: all NaN. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: percentile(sorted, 50),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    n: sorted.length,
  };
}

/** The p-th percentile of sorted values, between neighbours by weight. */
export function percentile(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = ((sorted.length - 1) * p) / 100;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** Milliseconds as people read them: three digits, no more. */
export function ms(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value < 10) return value.toFixed(1);
  return value < 10_000 ? String(Math.round(value)) : `${(value / 1000).toFixed(1)} s`;
}

/** `median (min–max)` in milliseconds. */
export function shown({ median, min, max }: Spread): string {
  return `${ms(median)} (${ms(min)}–${ms(max)})`;
}
