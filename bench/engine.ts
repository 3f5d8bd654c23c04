import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openDb, type DatabaseOptions } from '../src/db/client.ts';
import { migrate } from '../src/db/migrate.ts';
import { startPostgres } from '../tests/support/postgres.ts';
import { reportGrowth, reportLoad, reportMemory, reportSteps } from './engine-report.ts';
import { measureEngine, plainPglite, type EngineFigures } from './engine-steps.ts';
import { measureGrowth } from './growth.ts';
import { measureLoad } from './load.ts';
import { AT_WORK, measureMemory } from './memory.ts';

const HELP = `npm run bench:engine                 what the engine costs: beside pg-boss alone, with a long past, under load, in memory
npm run bench:engine -- --only load  one part: steps, growth, load or memory
npm run bench:engine -- --quick      the same with fewer rounds, to see that it runs
npm run bench:engine -- --json FILE  the figures as JSON too
`;

const PARTS = ['steps', 'growth', 'load', 'memory'] as const;
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const only = PARTS.find((part) => part === values.only) ?? null;
if (values.help || (values.only !== undefined && only === null)) {
  console.log(HELP);
  process.exit(values.help ? 0 : 1);
}
const wanted = (part: (typeof PARTS)[number]) => only === null || only === part;
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
  const bare = where.kind === 'pglite' ? await plainPglite() : database;
  try {
    await migrate(database);
    return await measureEngine(name, { database, bare }, options);
  } finally {
    if (bare !== database) await bare.close();
    await database.close();
  }
}

const figures: Record<string, unknown> = { machine };
const postgres = await startPostgres({ durable: true });
let databases = 0;
/** A database of its own on the server. */
async function emptyDatabase(): Promise<string> {
  const name = `bench_${(databases += 1)}`;
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  return Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
}

try {
  if (wanted('steps')) {
    const steps = [
      await measure('Postgres', { kind: 'postgres', url: await emptyDatabase() }),
      await measure('PGlite in memory', { kind: 'pglite', dir: null }),
    ];
    figures['steps'] = steps;
    console.log(reportSteps(steps, options));
  }
  if (wanted('growth')) {
    const growth = await measureGrowth(emptyDatabase, { ...options, rounds: values.quick ? 1 : 5 });
    figures['growth'] = growth;
    console.log(reportGrowth(growth));
  }
  if (wanted('load')) {
    const load = [];
    for (const role of ['web', 'all'] as const) {
      const seconds = values.quick ? 5 : 60;
      load.push(await measureLoad({ postgresUrl: await emptyDatabase(), role, perSecond: 200, seconds }));
    }
    figures['load'] = load;
    console.log(reportLoad(load));
  }
  if (wanted('memory')) {
    const each = { runs: values.quick ? 10 : 100, rounds: values.quick ? 1 : 3 };
    const memory = [
      await measureMemory({ name: 'Postgres', postgresUrl: emptyDatabase, atWork: AT_WORK.usual, ...each }),
      await measureMemory({ name: 'Postgres', postgresUrl: emptyDatabase, atWork: AT_WORK.most, ...each }),
      await measureMemory({ name: 'PGlite on disk', postgresUrl: null, atWork: AT_WORK.most, ...each }),
    ];
    figures['memory'] = memory;
    console.log(reportMemory(memory, each.runs));
  }
} finally {
  await postgres.stop();
}
if (values.json) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
