import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import type { RepositoryAccess, Workspaces } from '../../src/workspace/port.ts';
import { anywhere, git, makeRepository, project, tempFolder, writeFiles } from '../support/repository.ts';

const folder = tempFolder();
let workspaces: Workspaces;
beforeAll(() => {
  const root = join(folder.path, 'root');
  workspaces = createWorkspaces({
    findRoute: anywhere,
    root,
    path: process.env['PATH'] ?? '',
    allowedLocalRoots: [folder.path],
  });
});
afterAll(() => folder.remove());

const meta = { message: 'Change', author: { name: 'nofx', email: 'n@example.com' }, date: new Date(0) };
const lines = (change: Record<number, string> = {}) =>
  Array.from({ length: 12 }, (_, at) => `${change[at] ?? at}\n`).join('');
let count = 0;

/** A repository in which somebody has committed, and a change of ours that is not committed yet. */
async function diverged(theirs: Record<string, string>, ours: Record<string, string | null>) {
  const id = `gh_${(count += 1)}`;
  const { work, first, commit } = makeRepository(folder.path, id, { 'a.txt': lines(), 'b.txt': 'b\n', 'c.txt': 'c\n' });
  const access: RepositoryAccess = {
    project: project({ id, workspaceMode: 'local_path', localPath: work }),
    credentials: async () => null,
  };
  const edit = (path: string) => {
    for (const [name, text] of Object.entries(ours)) {
      if (text === null) rmSync(join(path, name));
      else writeFiles(path, { [name]: text });
    }
  };
  const scratch = await workspaces.openScratch(access, { key: 's', base: first });
  edit(scratch.path);
  const changes = await scratch.readChanges();
  await scratch.dispose();
  const second = commit(theirs);
  return { work, access, first, second, changes, edit };
}

describe('merging a change with what others have committed', () => {
  it('comes to the very files that git comes to by a rebase, and as a commit on the new base', async () => {
    const { work, access, first, second, changes, edit } = await diverged(
      { 'a.txt': lines({ 1: 'theirs' }), 'd.txt': 'd\n' },
      { 'a.txt': lines({ 10: 'ours' }), 'b.txt': null, 'e.txt': 'b\n', 'c.txt': 'C\n' },
    );
    const merged = await workspaces.merge(access, {
      ours: { commit: second },
      theirs: { commit: first, changes },
      ancestor: { commit: first },
    });
    expect(merged.conflicts).toEqual([]);
    const at = { key: 'run', base: second, branch: 'nofx/run', merged: [first] };
    const workspace = await workspaces.openWorkspace(access, at);
    const { sha } = await workspace.commit(merged.changes, { ...meta, merged: [first] });
    await workspaces.push(access, { sha, branch: 'nofx/run', expected: null });
    expect(git(work, 'log', '-1', '--format=%P', sha).trim()).toBe(`${second} ${first}`);

    git(work, 'checkout', '--quiet', '-b', 'plain', first);
    edit(work);
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '-m', 'ours');
    git(work, 'rebase', '--quiet', second);
    expect(git(work, 'rev-parse', `${sha}^{tree}`)).toBe(git(work, 'rev-parse', 'HEAD^{tree}'));
  });

  it('comes to what git comes to by taking a commit back', async () => {
    const { work, access, first, second } = await diverged({ 'a.txt': lines({ 1: 'theirs' }), 'd.txt': 'd\n' }, {});
    const merged = await workspaces.merge(access, {
      ours: { commit: second },
      theirs: { commit: first },
      ancestor: { commit: second },
    });
    expect(merged.changes.map(({ status, path }) => `${status} ${path}`)).toEqual(['modified a.txt', 'deleted d.txt']);
    git(work, 'revert', '--no-edit', second);
    expect(merged.changes.find(({ path }) => path === 'a.txt')).toMatchObject({
      bytes: Buffer.from(git(work, 'show', 'HEAD:a.txt')),
    });
  });

  it('names the files that both have changed in one place, and leaves nothing in the mirror', async () => {
    const { access, first, second, changes } = await diverged(
      { 'a.txt': lines({ 1: 'theirs' }), 'b.txt': 'B\n' },
      { 'a.txt': lines({ 1: 'ours' }), 'b.txt': null, 'c.txt': 'C\n' },
    );
    const merged = await workspaces.merge(access, {
      ours: { commit: second },
      theirs: { commit: first, changes },
      ancestor: { commit: first },
    });
    expect(merged.conflicts.toSorted()).toEqual(['a.txt', 'b.txt']);
    const mirror = join(folder.path, 'root', 'mirrors', `${access.project.id}.git`);
    expect(git(mirror, 'for-each-ref', 'refs/nofx/scratch')).toBe('');
  });
});
