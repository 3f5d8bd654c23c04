import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { treeUse } from '../../src/workspace/process-tree.ts';

const everybody = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;

describe('what a command holds', () => {
  let stop = () => {};
  afterEach(() => stop());

  it('counts only what the command started, also while its sandbox is still being set up', async () => {
    // bubblewrap waits on descriptor 4 with the namespace made and nothing mounted in it yet.
    const child = spawn(
      'bwrap',
      [
        '--unshare-user',
        '--unshare-pid',
        '--info-fd',
        '3',
        '--userns-block-fd',
        '4',
        '--ro-bind',
        '/',
        '/',
        '--proc',
        '/proc',
        'sleep',
        '60',
      ],
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'], detached: true },
    );
    stop = () => void process.kill(-child.pid!, 'SIGKILL');
    await once(child.stdio[3]!, 'data');
    const use = treeUse(child.pid!, 512);
    expect(use.processes).toBe(2);
    expect(use.processes).toBeLessThan(everybody());
    expect(use.memoryBytes).toBeLessThan(64 * 1024 ** 2);
  });

  it('sees the whole namespace once it is there', async () => {
    const child = spawn(
      'bwrap',
      [
        '--unshare-user',
        '--unshare-pid',
        '--ro-bind',
        '/',
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        'sh',
        '-c',
        'sleep 60 & sleep 60 & echo ready; wait',
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      },
    );
    stop = () => void process.kill(-child.pid!, 'SIGKILL');
    await once(child.stdout!, 'data');
    // bubblewrap as the namespace's first process, the shell, and both of its children.
    expect(treeUse(child.pid!, 512).processes).toBe(4);
  });
});
