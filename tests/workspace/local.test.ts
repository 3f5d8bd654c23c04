import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { git, makeRepository, project, tempFolder, writeFiles } from '../support/repository.ts';
import { makeRoundTrips } from './round-trip.ts';

const { folder, workspaces, roundTrip } = makeRoundTrips();

describe('local_path', () => {
  it("leaves the person's files, branch and worktrees alone", async () => {
    const { work, commit } = await roundTrip({ a: 'a\n' }, (path) => writeFiles(path, { b: 'b\n' }));
    writeFiles(work, { a: 'mine, unsaved\n' });
    const sha = await commit();
    expect(readFileSync(join(work, 'a'), 'utf8')).toBe('mine, unsaved\n');
    expect(git(work, 'branch', '--show-current').trim()).toBe('main');
    expect(git(work, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
    expect(git(work, 'rev-parse', 'nofx/run').trim()).toBe(sha);
    expect(() => git(work, 'fsck', '--strict')).not.toThrow();
  });

  it('is refused outside the allowed folders, also through a symlink', async () => {
    const outside = tempFolder();
    const { work } = makeRepository(outside.path, 'x', { a: 'a' });
    symlinkSync(work, join(folder.path, 'door'));
    for (const localPath of [work, join(folder.path, 'door'), join(folder.path, 'nothing')]) {
      const access = {
        project: project({ id: 'gh_out', workspaceMode: 'local_path', localPath }),
        credentials: async () => null,
      };
      await expect(workspaces.resolve(access, 'main')).rejects.toThrow(UserError);
    }
    outside.remove();
  });
});
