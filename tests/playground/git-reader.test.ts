import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitFiles, initBare } from '../../src/playground/github/bare-repository.ts';
import { findObject, readObject, resolveCommit } from '../../src/playground/github/git-reader.ts';
import { git } from '../../src/playground/github/git.ts';

describe("the stand-in's reading of objects", () => {
  const author = { name: 'Mona', email: 'mona@example.com', date: new Date(1_700_000_000_000) };
  const large = 'Much of it, more than a pipe holds.\n'.repeat(20_000);
  const odd = 'a "quoted"\\ folder/né\nw line.txt';
  let dir: string;
  const commit = (files: Record<string, string | null>) =>
    commitFiles(dir, { branch: 'main', files, message: 'Go on', author });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nofx-reader-'));
    await initBare(dir, 'main');
    await commit({ 'large.txt': large, 'empty.txt': '', [odd]: 'odd\n', thing: 'a file\n' });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('answers questions that come all at once, each its own', async () => {
    const names = ['main:large.txt', 'main:missing.txt', 'main:empty.txt', 'main:large.txt', 'no such thing', 'main'];
    const found = await Promise.all(names.map((name) => readObject(dir, name)));
    expect(found.map((object) => object?.type)).toEqual(['blob', undefined, 'blob', 'blob', undefined, 'commit']);
    for (const at of [0, 3]) expect(found[at]!.bytes.toString()).toBe(large);
    expect(found[2]!.bytes.length).toBe(0);
    expect(await findObject(dir, 'main\nmain')).toBeNull();
  });

  it('sees what has been committed since, whatever the paths are', async () => {
    const before = await resolveCommit(dir, 'main');
    const sha = await commit({ thing: null, 'thing/within.txt': 'now a folder\n', 'empty.txt': null });
    expect(sha).not.toBe(before);
    expect(await resolveCommit(dir, 'main')).toBe(sha);
    expect(await resolveCommit(dir, 'main~1')).toBe(before);
    const paths = (await git(dir, ['ls-tree', '-r', '-z', '--name-only', sha])).split('\0').filter(Boolean);
    expect(paths.toSorted()).toEqual([odd, 'large.txt', 'thing/within.txt'].toSorted());
  });

  it('asks a new process where the last one has ended for want of questions, and fails where there is no repository', async () => {
    const sha = await resolveCommit(dir, 'main');
    await sleep(1_200);
    expect(await resolveCommit(dir, 'main')).toBe(sha);
    await expect(resolveCommit(join(dir, 'nowhere'), 'main')).rejects.toThrow('ENOENT');
  });
});
