import { defineConfig } from 'vitest/config';

/** Tests that touch the database: they run on both engines. Of the whole stories, two files that between them do all of it. */
const database = [
  ...['db', 'queue', 'outbox', 'runs', 'http', 'telemetry', 'upkeep'].map((room) => `tests/${room}/**/*.test.ts`),
  'tests/app/pull-request.test.ts',
  'tests/app/crash.test.ts',
];

const results = process.env['NOFX_TEST_RESULTS'];

export default defineConfig({
  test: {
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    // A bound on hanging, not on being slow: machines are shared.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'pglite',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/faults/**'],
          // The other lane's server is in the environment of the process that starts both.
          env: { NOFX_TEST_POSTGRES_URL: '' },
          globalSetup: ['tests/support/pglite.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'postgres', include: database, globalSetup: ['tests/support/postgres.ts'] },
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
