import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTools } from '../../src/agent/tools.ts';
import { makeCheckout, NO_SANDBOX, openSandbox } from '../support/agent.ts';
import { files, makeTools } from './support.ts';

describe('bash', () => {
  test('is offered only where the sandbox is bubblewrap', async () => {
    const { root } = await makeCheckout({});
    const names = async (kind: 'bubblewrap' | 'off' | 'missing') =>
      (await createTools({ checkout: root, sandbox: { ...NO_SANDBOX, kind }, ignores: async () => false })).map(
        (tool) => tool.name,
      );
    expect(await names('bubblewrap')).toContain('bash');
    expect(await names('off')).not.toContain('bash');
    expect(await names('missing')).not.toContain('bash');
  });

  test('runs through the sandbox, without network and with .git read-only', async () => {
    const { root } = await makeCheckout(files);
    const sandbox = openSandbox();
    const call = await makeTools(root, { sandbox });
    expect(await call('bash', { command: 'cat src/c.js; exit 3' })).toBe('two\n[exit code 3]');
    expect(await call('bash', { command: 'true' })).toBe('(no output)\n[exit code 0]');
    expect(sandbox.asked[0]).toEqual({
      command: 'cat src/c.js; exit 3',
      cwd: root,
      readOnly: [path.join(root, '.git')],
      network: 'none',
      limits: { timeMs: 120_000, outputBytes: 30_000 },
    });
  });

  test('may write nothing at all in single-file work', async () => {
    const { root } = await makeCheckout(files);
    const sandbox = openSandbox();
    await (
      await makeTools(root, { sandbox, filename: 'x.txt' })
    )('bash', { command: 'true' });
    expect(sandbox.asked[0]!.readOnly).toEqual([root]);
  });

  test.each([
    ['timed_out', /killed after 120 seconds/],
    ['killed', /limit of the sandbox/],
    ['aborted', /^ERROR: The run was stopped/],
  ] as const)('says so when a command is %s', async (outcome, words) => {
    const { root } = await makeCheckout(files);
    const run = () => Promise.resolve({ outcome, exitCode: null, output: '', durationMs: 1 });
    const call = await makeTools(root, { sandbox: { ...openSandbox(), run } });
    expect(await call('bash', { command: 'true' })).toMatch(words);
  });
});
