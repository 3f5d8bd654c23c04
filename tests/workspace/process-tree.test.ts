import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { treeUse } from '../../src/workspace/process-tree.ts';

it("never takes the machine's processes for a sandbox's, not even while bubblewrap builds it", async () => {
  let most = 0;
  for (let round = 0; round < 10; round += 1) {
    const args = ['--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--', 'sleep', '5'];
    const child = spawn('bwrap', args, { stdio: 'ignore' });
    const exited = once(child, 'exit');
    const until = performance.now() + 50;
    while (performance.now() < until) most = Math.max(most, treeUse(child.pid!, 100_000).processes);
    child.kill('SIGKILL');
    await exited;
  }
  // bubblewrap, its child, and what that becomes; the machine has dozens.
  expect(most).toBeLessThanOrEqual(4);
});
