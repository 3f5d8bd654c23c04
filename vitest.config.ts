import { defineConfig } from 'vitest/config';

/** Tests that touch the database: they run on both engines. */
const database = ['db', 'queue', 'outbox', 'runs', 'http', 'app', 'telemetry', 'upkeep'].flatMap((room) => [
  `tests/${room}/**/*.test.ts`,
  `tests/${room}.test.ts`,
]);

const results = process.env['NOFX_TEST_RESULTS'];

export default defineConfig({
  test: {
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
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
          testTimeout: 120_000,
        },
      },
    ],
  },
});
