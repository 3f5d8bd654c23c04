import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { anywhere, git, makeRepository, project, tempFolder, writeFiles } from '../support/repository.ts';
import type { ContentChange, RepositoryAccess, Workspaces } from '../../src/workspace/port.ts';
import type { TestFile } from '../support/repository.ts';

const folder = tempFolder();
let workspaces: Workspaces;
let count = 0;

beforeAll(() => {
  workspaces = createWorkspaces({
    findRoute: anywhere,
    root: join(folder.path, 'root'),
    path: process.env['PATH'] ?? '',
    allowedLocalRoots: [folder.path],
  });
});
afterAll(() => folder.remove());

const meta = {
  message: 'Change',
  author: { name: 'nofx', email: 'n@example.com' },
  date: new Date('2026-01-02T03:04:05Z'),
};

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

const binary = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) % 256));

describe('a change goes from scratch to commit as git would have it', () => {
  const rows: [string, Record<string, TestFile>, (path: string) => void, Partial<ContentChange>[]][] = [
    [
      'created',
      { a: 'a' },
      (path) => writeFiles(path, { 'src/deep/b.txt': 'b\n' }),
      [{ status: 'added', path: 'src/deep/b.txt', mode: '100644', binary: false }],
    ],
    [
      'edited',
      { a: 'a\n' },
      (path) => writeFiles(path, { a: 'b\n' }),
      [{ status: 'modified', path: 'a', previousMode: '100644' }],
    ],
    ['deleted', { a: 'a\n', b: 'b' }, (path) => rmSync(join(path, 'a')), [{ status: 'deleted', path: 'a' }]],
    [
      'renamed',
      { 'a.txt': 'one\ntwo\nthree\n' },
      (path) => renameSync(join(path, 'a.txt'), join(path, 'b.txt')),
      [{ status: 'renamed', path: 'b.txt', previousPath: 'a.txt' }],
    ],
    [
      'made executable',
      { a: 'a\n' },
      (path) => chmodSync(join(path, 'a'), 0o755),
      [{ status: 'modified', mode: '100755', previousMode: '100644' }],
    ],
    [
      'new executable',
      { a: 'a\n' },
      (path) => writeFiles(path, { 'run.sh': { content: '#!/bin/sh\n', executable: true } }),
      [{ status: 'added', mode: '100755' }],
    ],
    [
      'binary',
      { a: 'a\n' },
      (path) => writeFiles(path, { 'b.png': binary }),
      [{ status: 'added', binary: true, bytes: binary }],
    ],
    [
      'CRLF',
      { a: 'a\r\nb\r\n' },
      (path) => writeFiles(path, { a: 'a\r\nc\r\n', d: 'x\r\n' }),
      [{ bytes: Buffer.from('a\r\nc\r\n') }, { bytes: Buffer.from('x\r\n') }],
    ],
    [
      'CRLF where .gitattributes wants LF stored',
      { '.gitattributes': '* text=auto\n', a: 'a\n' },
      (path) => writeFiles(path, { b: 'x\r\ny\r\n' }),
      [{ bytes: Buffer.from('x\ny\n') }],
    ],
    [
      'eol=crlf',
      { '.gitattributes': '*.bat text eol=crlf\n', 'x.bat': 'a\nb\n' },
      (path) => writeFiles(path, { 'x.bat': 'a\r\nc\r\n' }),
      [{ status: 'modified', bytes: Buffer.from('a\nc\n') }],
    ],
    ['no final newline', { a: 'a\n' }, (path) => writeFiles(path, { a: 'a\nb' }), [{ bytes: Buffer.from('a\nb') }]],
    [
      'empty file',
      { a: 'a\n' },
      (path) => writeFiles(path, { 'pkg/__init__.py': '' }),
      [{ path: 'pkg/__init__.py', bytes: Buffer.alloc(0) }],
    ],
    ['1 MB', { a: 'a\n' }, (path) => writeFiles(path, { big: Buffer.alloc(1_048_576, 'abc\n') }), [{ path: 'big' }]],
    [
      'odd names',
      { a: 'a\n' },
      (path) => writeFiles(path, { 'ünï cødé/日本 "q" \'s\'.txt': 'x', '-rf': 'y', ' lead': 'z' }),
      [{ path: ' lead' }, { path: '-rf' }, { path: 'ünï cødé/日本 "q" \'s\'.txt' }],
    ],
    [
      'odd names renamed and deleted',
      { 'ünï/日本 "q".txt': 'one\ntwo\nthree\n', '🎉': 'x', 'plain.txt': 'p' },
      (path) => {
        renameSync(join(path, 'ünï/日本 "q".txt'), join(path, 'ünï/neu.txt'));
        rmSync(join(path, '🎉'));
      },
      [
        { status: 'renamed', path: 'ünï/neu.txt', previousPath: 'ünï/日本 "q".txt' },
        { status: 'deleted', path: '🎉' },
      ],
    ],
    [
      'symlink',
      { 'docs/a.md': 'a\n', 'x/y': 'y' },
      (path) => symlinkSync('../docs/a.md', join(path, 'x/link')),
      [{ mode: '120000', bytes: Buffer.from('../docs/a.md') }],
    ],
    [
      'file to symlink',
      { 'a.md': 'a\n', b: 'b\n' },
      (path) => {
        rmSync(join(path, 'b'));
        symlinkSync('a.md', join(path, 'b'));
      },
      [{ status: 'modified', mode: '120000', previousMode: '100644' }],
    ],
    [
      'file to folder',
      { a: 'a\n' },
      (path) => {
        rmSync(join(path, 'a'));
        writeFiles(path, { 'a/b': 'b\n' });
      },
      [
        { status: 'deleted', path: 'a' },
        { status: 'added', path: 'a/b' },
      ],
    ],
    [
      'folder to file',
      { 'a/b': 'b\n' },
      (path) => {
        rmSync(join(path, 'a'), { recursive: true });
        writeFiles(path, { a: 'x\n' });
      },
      [
        { status: 'added', path: 'a' },
        { status: 'deleted', path: 'a/b' },
      ],
    ],
    [
      'ignored files stay out',
      { '.gitignore': 'node_modules/\n*.log\n' },
      (path) => writeFiles(path, { 'node_modules/x.js': 'x', 'a.log': 'l', 'a.js': 'j' }),
      [{ path: 'a.js' }],
    ],
    [
      'two names swapped',
      { a: 'the first\nfile here\n', b: 'another\nthing altogether\n' },
      (path) => {
        renameSync(join(path, 'a'), join(path, 'c'));
        renameSync(join(path, 'b'), join(path, 'a'));
        renameSync(join(path, 'c'), join(path, 'b'));
      },
      [{ path: 'a' }, { path: 'b' }],
    ],
    [
      'an LFS pointer stays a pointer',
      {
        '.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n',
        'x.psd': 'version https://git-lfs.github.com/spec/v1\n',
      },
      (path) => writeFiles(path, { 'y.txt': 'y' }),
      [{ path: 'y.txt' }],
    ],
  ];
  it.each(rows)('%s', async (_name, files, edit, expected) => {
    const changes = await sameAsGit(files, edit);
    expect(changes).toMatchObject(expected);
    expect(changes).toHaveLength(expected.length);
  });

  it('says what is ignored before it is left out', async () => {
    const { access } = await roundTrip({ '.gitignore': '*.log\n', a: 'a' }, () => undefined);
    const scratch = await workspaces.openScratch(access, {
      key: 'ignored',
      base: await workspaces.resolve(access, 'main'),
    });
    writeFiles(scratch.path, { 'sub/.gitignore': '/ünï x\n' });
    const names = ['sub/a.log', 'sub/ünï x', 'a', 'sub/b'];
    expect(await Promise.all(names.map((name) => scratch.ignores(name)))).toEqual([true, true, false, false]);
    await scratch.dispose();
  });

  it('nothing changed is no change', async () => {
    const { changes } = await roundTrip({ a: 'a\n' }, () => undefined);
    expect(changes).toEqual([]);
  });
});

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

describe('a scratch is not trusted', () => {
  it('takes the files of a repository made inside it, and runs nothing of it', async () => {
    const marker = join(folder.path, 'ran');
    const { changes } = await roundTrip({ a: 'a\n', 'lib/x': 'x\n' }, (path) => {
      for (const at of ['', 'sub', 'lib']) {
        mkdirSync(join(path, at), { recursive: true });
        git(join(path, at), 'init', '--quiet', '.');
        for (const key of [
          'core.fsmonitor',
          'core.hooksPath',
          'diff.external',
          'filter.x.clean',
          'filter.x.process',
          'core.sshCommand',
        ])
          git(join(path, at), 'config', key, `touch ${marker}`);
      }
      writeFiles(path, { 'sub/b.txt': 'b\n', '.gitattributes': '* filter=x diff=x\n' });
    });
    expect(changes.map((change) => change.path)).toEqual(['.gitattributes', 'sub/b.txt']);
    expect(existsSync(marker)).toBe(false);
  });

  it('holds no git directory that a model could reach', async () => {
    const { access } = await roundTrip({ a: 'a\n' }, () => undefined);
    const base = await workspaces.resolve(access, 'main');
    const scratch = await workspaces.openScratch(access, { key: 'other', base });
    expect(existsSync(join(scratch.path, '.git'))).toBe(false);
    await scratch.dispose();
    expect(existsSync(scratch.path)).toBe(false);
  });
});

describe('what may not be written', () => {
  const file = (path: string): ContentChange => ({
    status: 'added',
    path,
    mode: '100644',
    binary: false,
    bytes: Buffer.from('x'),
  });
  const link = (path: string, target: string): ContentChange =>
    ({ ...file(path), mode: '120000', bytes: Buffer.from(target) }) as ContentChange;
  it.each([
    ['traversal', file('../../etc/x')],
    ['absolute', file('/etc/x')],
    ['NUL', file('a\0b')],
    ['a hook', file('.git/hooks/x')],
    ['git in another case', file('sub/.GIT/config')],
    ['git with a space', file('.git /config')],
    ['git by its short name', file('GIT~1/config')],
    ['a workflow', file('.github/workflows/ci.yml')],
    ['our configuration', file('.github/nofx.yml')],
    ['through a symlink', file('out/x')],
    ['under a file', file('a/x')],
    ['a link outside', link('l', '../x')],
    ['an absolute link', link('l', '/etc/passwd')],
    ['a link that climbs later', link('l', 'out/../../x')],
    ['deleting what is not there', { status: 'deleted', path: 'nope' } as const],
    ['deleting a workflow', { status: 'deleted', path: '.github/workflows/ci.yml' } as const],
  ])('%s', async (_name, change) => {
    const { workspace } = await roundTrip(
      { a: 'a\n', out: { link: '/tmp' }, '.github/workflows/ci.yml': 'on: push\n' },
      () => undefined,
    );
    const before = await workspace.head();
    await expect(workspace.commit([file('fine'), change], meta)).rejects.toThrow(UserError);
    expect(await workspace.head()).toBe(before);
    expect(existsSync(join(workspace.path, 'fine'))).toBe(false);
  });
});

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
