import { chmodSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles, type TestFile } from '../support/repository.ts';
import { makeRoundTrips } from './round-trip.ts';
import type { ContentChange } from '../../src/workspace/port.ts';

const { workspaces, roundTrip, sameAsGit } = makeRoundTrips();

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
