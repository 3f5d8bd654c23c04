import type { EngineFigures, EngineOptions } from './engine-steps.ts';
import type { GrowthFigures } from './growth.ts';
import type { LoadFigures } from './load.ts';
import type { MemoryFigures } from './memory.ts';
import { ms, shown, type Spread } from './stats.ts';
import { table } from './table.ts';

const ratio = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
const verdict = (met: boolean) => (met ? 'met' : 'MISSED');

export function reportSteps(figures: EngineFigures[], { concurrency, rounds, runs, chains }: EngineOptions): string {
  const steps = figures.map(({ database, stepsPerSecond: { ours, bare, ratio: r } }) => [
    database,
    shown(ours),
    shown(bare),
    ratio(r),
    verdict(r.median >= 0.7),
  ]);
  const chain = figures.map(({ database, chainMs: { ours, bare, ratio: r } }) => [
    database,
    shown(ours),
    shown(bare),
    ratio(r),
    ms(ours.median / 10),
    verdict(r.median <= 1.5),
  ]);
  return [
    `\n── no-op steps a second, ${concurrency} at a time (${rounds} × ${runs * 10})\n`,
    table(['', 'ours', 'pg-boss alone', 'ours / alone', 'goal ≥ 0.7'], steps),
    `\n── a chain of ten steps, ms (${rounds} × the median of ${chains})\n`,
    table(['', 'ours', 'handler sends the next job', 'ours / alone', 'ours, a step', 'goal ≤ 1.5'], chain),
  ].join('\n');
}

export function reportGrowth({ perSecond, chainMs, plans }: GrowthFigures): string {
  const rows = [
    [
      'steps a second',
      shown(perSecond.little),
      shown(perSecond.much),
      ratio(perSecond.ratio),
      verdict(perSecond.ratio.median >= 1 / 1.2),
    ],
    [
      'a chain of ten, ms',
      shown(chainMs.little),
      shown(chainMs.much),
      ratio(chainMs.ratio),
      verdict(chainMs.ratio.median <= 1.2),
    ],
  ];
  const scans = plans.map(
    ({ statement, scans: found }) =>
      `${statement.replace(/\s+/g, ' ').slice(0, 100)}\n    ${found.join('; ') || 'no table'}`,
  );
  return [
    '\n── with 1,000 past events, and with 1,000,000 of 100,000 runs (Postgres)\n',
    table(['', 'little', 'much', 'much / little', 'within 1.2 ×'], rows),
    `\nwhat the engine's statements read, with the long past:\n${scans.join('\n')}`,
  ].join('\n');
}

export function reportLoad(figures: LoadFigures[]): string {
  const rows = figures.map(({ role, sent, duplicates, p50, p99, max, lost, doubled, undone }) => [
    role,
    String(sent),
    String(duplicates),
    ms(p50),
    ms(p99),
    ms(max),
    String(lost),
    String(doubled),
    String(undone),
    verdict(p99 < 50 && lost === 0 && doubled === 0 && undone === 0),
  ]);
  return [
    '\n── 200 deliveries a second, from when each was due to its 202, ms (Postgres)\n',
    table(['role', 'sent', 'twice', 'p50', 'p99', 'most', 'lost', 'doubled', 'undone', 'p99 < 50, none lost'], rows),
  ].join('\n');
}

const LIMIT: Record<string, number> = { Postgres: 150, 'PGlite on disk': 450 };

export function reportMemory(figures: MemoryFigures[], runs: number): string {
  const mb = ({ median, min, max }: Spread) => `${Math.round(median)} (${Math.round(min)}–${Math.round(max)})`;
  const rows = figures.map(({ database, atWork, idle, inFlight }) => [
    `${database}, ${atWork} at work`,
    mb(idle),
    mb(inFlight),
    `≤ ${LIMIT[database]}`,
    verdict(inFlight.median <= LIMIT[database]!),
  ]);
  return [
    `\n── resident size of one process, MB, idle and with ${runs} runs in flight\n`,
    table(['', 'idle', 'in flight', 'goal', ''], rows),
  ].join('\n');
}
