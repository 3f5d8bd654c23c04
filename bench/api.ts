import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Hono } from 'hono';
import pg from 'pg';
import { createApi } from '../src/api/api.ts';
import type { DatabaseOptions } from '../src/db/client.ts';
import { vacuum } from '../src/db/vacuum.ts';
import { serve } from '../src/http/server.ts';
import { ADMIN, startApi } from '../tests/api/support.ts';
import { fillPast } from '../tests/support/past.ts';
import { startPostgres } from '../tests/support/postgres.ts';
import { ms, percentile, spread, type Spread } from './stats.ts';
import { table } from './table.ts';

const HELP = `npm run bench:api                   GET /runs and GET /runs/{id} with 100 runs in the tables, and with 100,000
npm run bench:api -- --only pglite  on one database: postgres or pglite
npm run bench:api -- --quick        the same with fewer rounds, to see that it runs
`;

const PAST = { little: 100, much: 100_000 };
type Size = keyof typeof PAST;
const SIZES: readonly Size[] = ['little', 'much'];
const GOAL = 1.3;

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
// Of one round no more than what one principal may ask for in a burst: each round has a door of its own.
const options = values.quick ? { rounds: 2, requests: 50 } : { rounds: 10, requests: 300 };
const WARM = 50;

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadavg()[0]!.toFixed(2)} before the start${values.quick ? '; --quick: too few rounds to quote' : ''}
Milliseconds; medians of ${options.rounds} rounds of ${options.requests} requests each, with the least and the most in brackets; ratios round by round.`,
);

const ROUTES = {
  'GET /runs': () => '/runs',
  'GET /runs/{id}': (size: Size) =>
    `/runs/run_past${String(1 + Math.floor(Math.random() * PAST[size])).padStart(14, '0')}`,
};
type Route = keyof typeof ROUTES;
const routes = Object.keys(ROUTES) as Route[];

type Cell = { p50: number[]; p99: number[] };

/** Asks both in turns, request by request, so that whatever else the machine does happens to both. */
async function measure(name: string, where: (size: Size) => Promise<DatabaseOptions>): Promise<void> {
  const houses = {
    little: await startApi({ database: await where('little') }),
    much: await startApi({ database: await where('much') }),
  };
  try {
    for (const size of SIZES) {
      await fillPast(houses[size].db, PAST[size]);
      // As Postgres does by itself within a minute, and upkeep on the embedded one within the hour.
      await vacuum(houses[size].db, new AbortController().signal);
    }
    const cells = Object.fromEntries(
      routes.map((route) => [route, { little: { p50: [], p99: [] }, much: { p50: [], p99: [] } }]),
    ) as unknown as Record<Route, Record<Size, Cell>>;
    for (let round = 0; round < options.rounds; round += 1) {
      const took = await oneRound(houses);
      for (const route of routes) {
        for (const size of SIZES) {
          const sorted = took[route][size].toSorted((a, b) => a - b);
          cells[route][size].p50.push(percentile(sorted, 50));
          cells[route][size].p99.push(percentile(sorted, 99));
        }
      }
    }
    console.log(`\n── ${name}\n\n${report(cells)}`);
  } finally {
    await houses.little.stop();
    await houses.much.stop();
  }
}

type House = Awaited<ReturnType<typeof startApi>>;

async function oneRound(houses: Record<Size, House>): Promise<Record<Route, Record<Size, number[]>>> {
  const door = async ({ deps }: House) => serve(new Hono().route('/', createApi(deps)), { host: '127.0.0.1', port: 0 });
  const doors = { little: await door(houses.little), much: await door(houses.much) };
  const agent = new Agent({ keepAlive: true });
  const took = Object.fromEntries(routes.map((route) => [route, { little: [], much: [] }])) as unknown as Record<
    Route,
    Record<Size, number[]>
  >;
  for (const route of routes) {
    for (let turn = -WARM; turn < options.requests; turn += 1) {
      for (const size of turn % 2 === 0 ? SIZES : SIZES.toReversed()) {
        const time = await timed(agent, doors[size].port, ROUTES[route](size));
        if (turn >= 0) took[route][size].push(time);
      }
    }
  }
  agent.destroy();
  await Promise.all([doors.little.close(), doors.much.close()]);
  return took;
}

/** From the request to the end of the answer. */
function timed(agent: Agent, port: number, path: string): Promise<number> {
  const started = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request({ agent, host: '127.0.0.1', port, path, headers: ADMIN }, (answer) => {
    if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`));
    answer.resume().once('end', () => resolve(performance.now() - started));
  })
    .once('error', reject)
    .end();
  return promise;
}

function report(cells: Record<Route, Record<Size, Cell>>): string {
  const shown = ({ median, min, max }: Spread) => `${ms(median)} (${ms(min)}–${ms(max)})`;
  const rows = routes.flatMap((route) =>
    (['p50', 'p99'] as const).map((figure) => {
      const { little, much } = cells[route];
      const ratio = spread(much[figure].map((value, round) => value / little[figure][round]!));
      return [
        `${route}, ${figure}`,
        shown(spread(little[figure])),
        shown(spread(much[figure])),
        `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
        ratio.median <= GOAL ? 'met' : 'MISSED',
      ];
    }),
  );
  return table(['', '100 runs', '100,000 runs', 'ratio', `goal ≤ ${GOAL}`], rows);
}

if (values.only !== 'pglite') {
  const postgres = await startPostgres({ durable: true });
  try {
    await measure('Postgres', async (size) => {
      const admin = new pg.Client({ connectionString: postgres.url });
      await admin.connect();
      await admin.query(`create database ${size}`);
      await admin.end();
      return { kind: 'postgres', url: Object.assign(new URL(postgres.url), { pathname: `/${size}` }).href };
    });
  } finally {
    await postgres.stop();
  }
}
if (values.only !== 'postgres') {
  const folder = await mkdtemp(join(tmpdir(), 'nofx-bench-api-'));
  try {
    await measure('PGlite on disk', async (size) => ({ kind: 'pglite', dir: join(folder, size) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
