import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCgroup, tidyCgroups } from '../../src/workspace/process-cgroup.ts';

const HOUR_MS = 3_600_000;

const possible = await (async () => {
  const probe = openCgroup(10);
  await probe?.remove();
  return probe !== null;
})();

describe.skipIf(!possible)('cgroups that a killed process left behind (skipped where none can be made)', () => {
  const groupOf = (cgroup: NonNullable<ReturnType<typeof openCgroup>>) =>
    cgroup.enter('true', []).args[2]!.replace(/\/cgroup\.procs$/, '');

  it('go once they are old and empty; one with a process in it and a young one stay', async () => {
    const [left, used] = [openCgroup(10)!, openCgroup(10)!];
    const { file, args } = used.enter('sh', ['-c', 'echo inside && exec sleep 60']);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(child.stdout, 'data');
      expect(tidyCgroups(HOUR_MS)).not.toContain(groupOf(left));
      // Made to look old: other tests make groups at this moment, which must stay.
      const then = new Date(Date.now() - 2 * HOUR_MS);
      for (const group of [left, used]) utimesSync(groupOf(group), then, then);
      const removed = tidyCgroups(HOUR_MS);
      expect(removed).toContain(groupOf(left));
      expect(removed).not.toContain(groupOf(used));
    } finally {
      child.kill('SIGKILL');
      await used.remove();
    }
  });
});
