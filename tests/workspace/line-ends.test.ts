import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, makeRepository, project, writeFiles } from '../support/repository.ts';
import { makeRoundTrips } from './round-trip.ts';
import type { RepositoryAccess } from '../../src/workspace/port.ts';

const { folder, workspaces } = makeRoundTrips();

describe('files that are stored with CRLF although .gitattributes asks for LF', () => {
  const files = {
    'kept.bat': 'a\r\nb\r\nc\r\n',
    'touched.bat': 'a\r\nb\r\nc\r\n',
    'moved.cs': 'class A\r\n{\r\n  // one\r\n  // two\r\n}\r\n',
    'mixed.bat': 'a\nb\r\n',
    'made-lf.cs': 'a\r\nb\r\n',
  };

  it('are no change where nobody touched them, and change in their lines alone where somebody did', async () => {
    const { work } = makeRepository(folder.path, 'crlf', files);
    writeFiles(work, { '.gitattributes': '*.bat text eol=crlf\n*.cs text\n' });
    git(work, 'add', '.gitattributes');
    git(work, 'commit', '--quiet', '--message', 'attributes');
    const access: RepositoryAccess = {
      project: project({ id: 'gh_crlf', workspaceMode: 'local_path', localPath: work }),
      credentials: async () => null,
    };
    const base = await workspaces.resolve(access, 'main');
    const scratch = await workspaces.openScratch(access, { key: 'step_1', base });
    // As after a while: git no longer takes its word for it that they are as it wrote them.
    for (const name of Object.keys(files))
      utimesSync(join(scratch.path, name), new Date(), new Date(Date.now() + 5000));
    expect(await scratch.readChanges()).toEqual([]);

    writeFiles(scratch.path, { 'touched.bat': 'a\r\nB\r\nc\r\n', 'made-lf.cs': 'a\nb\n', 'new.bat': 'x\r\n' });
    renameSync(join(scratch.path, 'moved.cs'), join(scratch.path, 'there.cs'));
    expect(await scratch.readChanges()).toMatchObject([
      { path: 'made-lf.cs', bytes: Buffer.from('a\nb\n') },
      { path: 'new.bat', bytes: Buffer.from('x\n') },
      { status: 'renamed', path: 'there.cs', bytes: Buffer.from(files['moved.cs']) },
      { path: 'touched.bat', bytes: Buffer.from('a\r\nB\r\nc\r\n'), lines: 2 },
    ]);
    await scratch.dispose();
  });
});
