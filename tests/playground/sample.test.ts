import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { sampleFiles } from '../../src/playground/sample.ts';
import { startGitHub } from '../support/github.ts';

test('the sample project can be cloned, and its own tests pass', async () => {
  const github = await startGitHub();
  const folder = await mkdtemp(join(tmpdir(), 'nofx-test-'));
  try {
    const { cloneUrl } = await github.createRepository({ owner: 'octo', name: 'text-kit', files: await sampleFiles() });
    const clone = join(folder, 'text-kit');
    await execa('git', ['clone', '--quiet', cloneUrl, clone]);
    // NODE_TEST_CONTEXT would make it report to the runner that we are in ourselves.
    const { stdout, exitCode } = await execa(process.execPath, ['--test'], {
      cwd: clone,
      env: { NODE_TEST_CONTEXT: undefined },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/pass 11/);
  } finally {
    await github.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
