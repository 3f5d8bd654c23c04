import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openDb, type DatabaseOptions } from '../src/db/client.ts';
import { migrate } from '../src/db/migrate.ts';
import { startPostgres } from '../tests/support/postgres.ts';
import { measureEngine, type EngineFigures } from './engine-steps.ts';
import { ms, shown, type Spread } from './stats.ts';
import { table } from './table.ts';

const HELP = `npm run bench:engine                 what the engine adds to pg-boss, on Postgres and on PGlite
npm run bench:engine -- --quick      the same with fewer rounds, to see that it runs
npm run bench:engine -- --json FILE  the figures as JSON too
`;

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const machine = {
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  loadBefore: Number(loadavg()[0]!.toFixed(2)),
};
console.log(
  `${machine.cores} cores (${machine.processor}), Node ${machine.node}, load ${machine.loadBefore} before the start${values.quick ? '; --quick: too few rounds to quote' : ''}\nMedians, with the least and the most in brackets; ratios round by round.`,
);

const options = values.quick
  ? { rounds: 2, runs: 20, chains: 3, concurrency: 8 }
  : { rounds: 7, runs: 100, chains: 11, concurrency: 8 };

async function measure(name: string, where: DatabaseOptions): Promise<EngineFigures> {
  const database = await openDb(where);
  try {
    await migrate(database);
    return await measureEngine(name, database, options);
  } finally {
    await database.close();
  }
}

const ratio = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;

const figures: EngineFigures[] = [];
const postgres = await startPostgres({ durable: true });
try {
  figures.push(await measure('Postgres', { kind: 'postgres', url: postgres.url }));
} finally {
  await postgres.stop();
}
if (!process.env['PGONLY']) figures.push(await measure('PGlite in memory', { kind: 'pglite', dir: null }));

console.log(`\n── no-op steps a second, ${options.concurrency} at a time (${options.rounds} × ${options.runs * 10})\n`);
console.log(
  table(
    ['', 'ours', 'pg-boss alone', 'ours / alone'],
    figures.map(({ database, stepsPerSecond: { ours, bare, ratio: r } }) => [
      database,
      shown(ours),
      shown(bare),
      ratio(r),
    ]),
  ),
);
console.log(`\n── a chain of ten steps, ms (${options.rounds} × the median of ${options.chains})\n`);
console.log(
  table(
    ['', 'ours', 'handler sends the next job', 'ours / alone', 'ours, a step'],
    figures.map(({ database, chainMs: { ours, bare, ratio: r } }) => [
      database,
      shown(ours),
      shown(bare),
      ratio(r),
      ms(ours.median / 10),
    ]),
  ),
);
if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
