import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockFolder } from '../../src/db/folder-lock.ts';

const HOLDER = fileURLToPath(new URL('../support/hold-folder.ts', import.meta.url));

let parent: string;
beforeAll(async () => void (parent = await mkdtemp(join(tmpdir(), 'nofx-folder-'))));
afterAll(() => rm(parent, { recursive: true, force: true }));

it('a folder is one process’s for as long as it lives, and free the moment that it is killed', async () => {
  const folder = join(parent, 'data');
  const holder = fork(HOLDER, [folder]);
  const dead = once(holder, 'exit');
  try {
    expect(await once(holder, 'message')).toEqual(['held', undefined]);
    expect(() => lockFolder(folder)).toThrow(`Another process is using the embedded database in ${folder}.`);
    holder.kill('SIGSTOP');
    expect(() => lockFolder(folder)).toThrow('Another process');
  } finally {
    holder.kill('SIGKILL');
    await dead;
  }
  lockFolder(folder)();
});

it('is free again for the same process once it is given back', () => {
  const folder = join(parent, 'mine');
  const release = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow('Another process');
  release();
  lockFolder(folder)();
});
