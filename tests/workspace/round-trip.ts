import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { anywhere, git, makeRepository, project, tempFolder, type TestFile } from '../support/repository.ts';
import type { ContentChange, RepositoryAccess } from '../../src/workspace/port.ts';

export const meta = {
  message: 'Change',
  author: { name: 'nofx', email: 'n@example.com' },
  date: new Date('2026-01-02T03:04:05Z'),
};

/** Workspaces for the tests of one file, in a folder that goes away with them, and the way of a change through them. */
export function makeRoundTrips() {
  const folder = tempFolder();
  afterAll(() => folder.remove());
  const workspaces = createWorkspaces({
    findRoute: anywhere,
    root: join(folder.path, 'root'),
    path: process.env['PATH'] ?? '',
    allowedLocalRoots: [folder.path],
  });
  let count = 0;

  /** base → scratch → edit → change set → commit, and what plain git makes of the same edit. */
  async function roundTrip(files: Record<string, TestFile>, edit: (path: string) => void) {
    const id = `gh_${++count}`;
    const { work, first } = makeRepository(folder.path, id, files);
    const access: RepositoryAccess = {
      project: project({ id, workspaceMode: 'local_path', localPath: work }),
      credentials: async () => null,
    };
    const base = await workspaces.resolve(access, 'main');
    expect(base).toBe(first);
    const scratch = await workspaces.openScratch(access, { key: 'step_1', base });
    edit(scratch.path);
    const changes = await scratch.readChanges();
    expect(await scratch.readChanges()).toEqual(changes);
    await scratch.dispose();
    // Whoever goes on from the change has all of it, and leaves nothing in the mirror.
    const later = await workspaces.openScratch(access, { key: 'step_2', base, changes });
    expect(await later.readChanges()).toEqual(changes);
    await later.dispose();
    expect(git(join(folder.path, 'root', 'mirrors', `${id}.git`), 'for-each-ref', 'refs/nofx/scratch')).toBe('');
    const workspace = await workspaces.openWorkspace(access, { key: 'run', base, branch: 'nofx/run' });
    const commit = async () => {
      const { sha } = await workspace.commit(changes, meta);
      await workspaces.push(access, { sha, branch: 'nofx/run', expected: null });
      return sha;
    };
    const plain = () => {
      edit(work);
      git(work, 'add', '--all');
      return git(work, 'write-tree').trim();
    };
    return { changes, workspace, commit, plain, work, access };
  }

  async function sameAsGit(files: Record<string, TestFile>, edit: (path: string) => void): Promise<ContentChange[]> {
    const { changes, commit, plain, work } = await roundTrip(files, edit);
    const sha = await commit();
    expect(git(work, 'rev-parse', 'nofx/run^{tree}').trim()).toBe(plain());
    expect(git(work, 'rev-parse', 'nofx/run').trim()).toBe(sha);
    return changes;
  }

  return { folder, workspaces, roundTrip, sameAsGit };
}
