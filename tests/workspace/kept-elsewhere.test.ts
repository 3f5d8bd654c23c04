import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, makeRepository, project, writeFiles } from '../support/repository.ts';
import { makeRoundTrips } from './round-trip.ts';
import type { RepositoryAccess } from '../../src/workspace/port.ts';

const { folder, workspaces, roundTrip } = makeRoundTrips();

describe('what a repository keeps elsewhere', () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n';
  const files = {
    '.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n',
    '.gitmodules': '[submodule "lib"]\n\tpath = vendor/the lib\n\turl = https://example.com/lib.git\n',
    'a b.psd': pointer,
    'other.psd': pointer,
  };

  it('Git LFS: pointers may be moved and removed, and files are not put in their place', async () => {
    const { changes } = await roundTrip(files, (path) => {
      mkdirSync(join(path, 'art'), { recursive: true });
      renameSync(join(path, 'a b.psd'), join(path, 'art', 'c.psd'));
      rmSync(join(path, 'other.psd'));
    });
    expect(changes).toHaveLength(2);
    for (const name of ['a b.psd', 'art/new.psd']) {
      const refused = roundTrip(files, (path) => writeFiles(path, { 'fine.txt': 'x', [name]: 'the picture' }));
      await expect(refused).rejects.toThrow(`\`${name}\` is kept in Git LFS`);
    }
  });

  it('submodules: nothing is put into them; a folder that is none any more is a folder', async () => {
    const { work } = makeRepository(folder.path, 'modules', files);
    const access: RepositoryAccess = {
      project: project({ id: 'gh_modules', workspaceMode: 'local_path', localPath: work }),
      credentials: async () => null,
    };
    const changesOf = async (key: string) => {
      const scratch = await workspaces.openScratch(access, { key, base: await workspaces.resolve(access, 'main') });
      writeFiles(scratch.path, { 'vendor/the lib/x.txt': 'x' });
      try {
        return await scratch.readChanges();
      } finally {
        await scratch.dispose();
      }
    };
    expect(await changesOf('none')).toMatchObject([{ path: 'vendor/the lib/x.txt' }]);

    git(work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor/the lib`);
    git(work, 'commit', '--quiet', '--message', 'a submodule');
    await expect(changesOf('one')).rejects.toThrow('`vendor/the lib` is a submodule');
  });
});
