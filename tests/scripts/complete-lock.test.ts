import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

// `npm ci` refuses a lock that lacks a platform's package, on every platform: a fresh clone could not be set up.
it('package-lock.json knows every optional package of every platform', async () => {
  const root = resolve(import.meta.dirname, '../..');
  const run = await execa(process.execPath, ['scripts/complete-lock.ts', '--check'], { cwd: root, reject: false });
  expect(run.stderr).toBe('');
  expect(run.exitCode).toBe(0);
});
