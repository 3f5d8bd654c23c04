import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { folderInMemory } from './tests/support/memory.ts';

const testsOf = (rooms: readonly string[]) => rooms.map((room) => `tests/${room}/**/*.test.ts`);

/** Tests that touch the database: they run on both engines. */
const database = testsOf(['api', 'db', 'queue', 'outbox', 'runs', 'http', 'telemetry', 'upkeep']);
/**
 * Whole stories, and what else is not about the database, run in one lane: on Postgres, which leaves the processors to
 * them. On both runs the one story that does most of it.
 */
const stories = [...testsOf(['app', 'conversation', 'pages']), 'tests/cli-keys.test.ts'];
const storyOnBoth = 'tests/app/pull-request.test.ts';
const onPostgresOnly = [
  'api/artifacts',
  'api/authenticate',
  'api/authorization',
  'api/byte-range',
  'api/contract',
  'api/dev',
  'api/spec',
  'api/webhooks',
  'http/metrics',
  'http/server',
  'telemetry/**/*',
  'upkeep/cli',
  'upkeep/rate-limits',
  'upkeep/reap-checks',
  'upkeep/sweep-deliveries',
].map((name) => `tests/${name}.test.ts`);
/** What `npm start` starts, on the database that it comes with. On Postgres the lane of the faults starts it many times. */
const startsProcesses = 'tests/app/process.test.ts';

const results = process.env['NOFX_TEST_RESULTS'];

// Each test file has a process of its own, which need not compile the packages anew.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node');

const memory = folderInMemory();
if (memory) process.env['TMPDIR'] = memory;

export default defineConfig({
  test: {
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    // A bound on hanging, not on being slow: machines are shared.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // A process goes from file to file and keeps what it has loaded: half the time of a small file is loading the rest of NOFX.
    isolate: false,
    // The larger a process, the longer it takes to start another from it, and the stories start many.
    execArgv: ['--max-semi-space-size=4'],
    // Twice the processors there usually are: a story waits as often as it works.
    maxWorkers: 4,
    projects: [
      {
        extends: true,
        test: {
          // No database, so that the processes stay small: git is started from them by the thousand.
          name: 'plain',
          include: ['tests/**/*.test.ts'],
          exclude: [...database, ...stories, ...testsOf(['faults']), 'tests/parts.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'pglite',
          include: [...database, 'tests/parts.test.ts', storyOnBoth, startsProcesses],
          exclude: onPostgresOnly,
          // The other lane's server is in the environment of the process that starts both.
          env: { NOFX_TEST_POSTGRES_URL: '' },
          globalSetup: ['tests/support/pglite.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [...database, ...stories],
          exclude: [startsProcesses, 'tests/db/preparing-pglite.test.ts'],
          globalSetup: ['tests/support/postgres.ts'],
        },
      },
      {
        extends: true,
        test: {
          // Processes are killed, frozen and cut off there; leases take ten seconds to run out.
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          globalSetup: ['tests/support/postgres.ts'],
          testTimeout: 240_000,
        },
      },
    ],
  },
});
