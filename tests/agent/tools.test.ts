import { execFileSync } from 'node:child_process';
import { chmod, readlink, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCheckout } from '../support/agent.ts';
import { files, makeTools } from './support.ts';

describe('file tools', () => {
  test('read, write, edit, glob and grep do their work', async () => {
    const checkout = await makeCheckout(files);
    const call = await makeTools(checkout.root);
    expect(await call('read', { file_path: 'a.txt' })).toBe('one\ntwo\none\n');
    expect(await call('read', { file_path: 'a.txt', view_range: [2, 2] })).toBe('two');
    expect(await call('read', { file_path: path.join(checkout.root, 'a.txt') })).toBe('one\ntwo\none\n');
    expect(await call('write', { file_path: 'new/deep/ü file.txt', content: '' })).toBe(
      'wrote 0 bytes to new/deep/ü file.txt',
    );
    expect(await call('edit', { file_path: 'a.txt', old_string: 'two', new_string: '$& 2' })).toContain('edited a.txt');
    expect(await call('edit', { file_path: 'a.txt', old_string: 'one', new_string: '1' })).toMatch(/ERROR: .*2 times/);
    expect(await checkout.read('a.txt')).toBe('one\n$& 2\none\n');
    expect((await call('glob', { pattern: 'src/*.js' })).split('\n').toSorted()).toEqual(['src/b.js', 'src/c.js']);
    expect(await call('glob', { pattern: '*.js', path: 'src' })).toContain('src/b.js');
    expect(await call('grep', { pattern: 'tw.' })).toBe('src/c.js:1:two\n');
    expect(await checkout.changes()).toEqual(['M a.txt', 'A "new/deep/\\303\\274 file.txt"']);
  });

  test('none waits for what a command has made a pipe', { timeout: 5_000 }, async () => {
    const checkout = await makeCheckout(files);
    execFileSync('mkfifo', [path.join(checkout.root, 'pipe')]);
    const call = await makeTools(checkout.root);
    for (const [name, input] of [
      ['read', { file_path: 'pipe' }],
      ['edit', { file_path: 'pipe', old_string: 'a', new_string: 'b' }],
      ['grep', { pattern: 'a', path: 'pipe' }],
    ] as const) {
      expect(await call(name, input)).toMatch(/^ERROR: .*pipe is (neither|not a regular file)/);
    }
    expect(await call('grep', { pattern: 'tw.' })).toContain('src/c.js:1:two\n');
  });

  test('delete and move', async () => {
    const checkout = await makeCheckout(files);
    const call = await makeTools(checkout.root);
    expect(await call('delete_file', { file_path: 'src/c.js' })).toBe('deleted src/c.js');
    expect(await call('move_file', { from: 'src/b.js', to: 'lib/new/b.mjs' })).toBe('moved src/b.js to lib/new/b.mjs');
    expect(await checkout.changes()).toEqual(['R100 src/b.js lib/new/b.mjs', 'D src/c.js']);
    expect(await call('move_file', { from: 'lib/new/b.mjs', to: 'a.txt' })).toMatch(/ERROR: .*already there/);
    expect(await call('delete_file', { file_path: 'lib' })).toMatch(/ERROR: .*not a file/);
    expect(await call('delete_file', { file_path: 'nope' })).toMatch(/ERROR: .*no such file/);
  });

  test('a link is deleted and moved as a link, followed when read', async () => {
    const checkout = await makeCheckout(files);
    await symlink('a.txt', path.join(checkout.root, 'link'));
    await symlink('nowhere', path.join(checkout.root, 'dangling'));
    const call = await makeTools(checkout.root);
    expect(await call('read', { file_path: 'link' })).toContain('one');
    await call('move_file', { from: 'link', to: 'other' });
    expect(await readlink(path.join(checkout.root, 'other'))).toBe('a.txt');
    await call('delete_file', { file_path: 'other' });
    await call('delete_file', { file_path: 'dangling' });
    expect(await checkout.read('a.txt')).toContain('one');
    expect(await checkout.changes()).toEqual([]);
  });

  test('an edited script stays executable', async () => {
    const checkout = await makeCheckout({ 'run.sh': 'echo 1\n' });
    await chmod(path.join(checkout.root, 'run.sh'), 0o755);
    const call = await makeTools(checkout.root);
    await call('edit', { file_path: 'run.sh', old_string: '1', new_string: '2' });
    expect((await stat(path.join(checkout.root, 'run.sh'))).mode & 0o111).toBe(0o111);
  });

  test('what will not be handed in is said to be left out', async () => {
    const checkout = await makeCheckout(files);
    const call = await makeTools(checkout.root, { ignores: async (name) => name.startsWith('dist/') });
    expect(await call('write', { file_path: 'dist/x.js', content: 'x' })).toMatch(/^wrote .*\nBut \.gitignore leaves/);
    expect(await call('move_file', { from: 'src/b.js', to: 'dist/b.js' })).toMatch(/^moved .*\nBut \.gitignore leaves/);
    expect(await call('write', { file_path: 'distant.js', content: 'x' })).toBe('wrote 1 bytes to distant.js');
  });

  test('what is not UTF-8 is not mangled', async () => {
    const latin1 = Buffer.from('caf\xe9 = 1\n', 'latin1');
    const checkout = await makeCheckout({ 'latin1.txt': latin1, 'picture.png': Buffer.from([1, 0, 2]) });
    const call = await makeTools(checkout.root);
    expect(await call('edit', { file_path: 'latin1.txt', old_string: '1', new_string: '2' })).toMatch(
      /ERROR: .*not UTF-8/,
    );
    expect(await call('read', { file_path: 'picture.png' })).toMatch(/ERROR: .*binary file of 3 bytes/);
    expect(await checkout.changes()).toEqual([]);
  });

  test('a file keeps its line ends and its byte order mark, whatever the model writes', async () => {
    const checkout = await makeCheckout({
      'Program.cs': '\ufeffusing System;\r\n\r\nclass Program\r\n{\r\n}\r\n',
      'mixed.txt': 'one\r\ntwo\n',
    });
    const call = await makeTools(checkout.root);
    const edit = {
      file_path: 'Program.cs',
      old_string: 'class Program\n{\n',
      new_string: 'class Program\n{\n  // here\n',
    };
    expect(await call('edit', edit)).toContain('edited Program.cs');
    expect(await checkout.read('Program.cs')).toBe(
      '\ufeffusing System;\r\n\r\nclass Program\r\n{\r\n  // here\r\n}\r\n',
    );
    await call('write', { file_path: 'Program.cs', content: 'using System;\nclass Other {}\n' });
    expect(await checkout.read('Program.cs')).toBe('\ufeffusing System;\r\nclass Other {}\r\n');
    await call('edit', { file_path: 'mixed.txt', old_string: 'two\n', new_string: 'two\nthree\n' });
    expect(await checkout.read('mixed.txt')).toBe('one\r\ntwo\nthree\n');
    await call('write', { file_path: 'new.txt', content: 'a\nb\n' });
    expect(await checkout.read('new.txt')).toBe('a\nb\n');
  });

  test('what the repository keeps elsewhere is left alone: submodules, and files in Git LFS', async () => {
    const checkout = await makeCheckout({
      '.gitmodules': '[submodule "lib"]\n\tpath = vendor/lib\n[submodule "old"]\n\tpath = old\n',
      'old/a.txt': 'a',
      'a.psd': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n',
    });
    const call = await makeTools(checkout.root);
    for (const [tool, input] of [
      ['write', { file_path: 'vendor/lib/x.c', content: 'x' }],
      ['move_file', { from: 'a.psd', to: 'vendor/lib/a.psd' }],
    ] as const)
      expect(await call(tool, input)).toMatch(/ERROR: .*is in a submodule: leave it as it is/);
    for (const [tool, input] of [
      ['write', { file_path: 'a.psd', content: 'x' }],
      ['edit', { file_path: 'a.psd', old_string: '3', new_string: '4' }],
    ] as const)
      expect(await call(tool, input)).toMatch(/ERROR: .*is kept in Git LFS: leave it as it is/);
    for (const file_path of ['vendor/library.txt', 'old/a.txt'])
      expect(await call('write', { file_path, content: 'x' })).toContain('wrote');
    expect(await checkout.changes()).toEqual(['M old/a.txt', 'A vendor/library.txt']);
  });

  test('large files are read in ranges, and edited whole', async () => {
    const checkout = await makeCheckout({ 'big.txt': 'a line of text\n'.repeat(20_000) });
    const call = await makeTools(checkout.root);
    expect(await call('read', { file_path: 'big.txt' })).toMatch(/ERROR: .*view_range/);
    expect(await call('read', { file_path: 'big.txt', view_range: [19_999, 20_000] })).toContain('a line of text');
    const edit = { file_path: 'big.txt', old_string: 'a line', new_string: 'the line', replace_all: true };
    expect(await call('edit', edit)).toContain('20000 replacement(s)');
  });

  test('calls of one turn run one after another', async () => {
    const checkout = await makeCheckout({ 'n.txt': 'a b c d e f g h' });
    const call = await makeTools(checkout.root);
    await Promise.all(
      [...'abcdefgh'].map((old_string) =>
        call('edit', { file_path: 'n.txt', old_string, new_string: old_string.toUpperCase() }),
      ),
    );
    expect(await checkout.read('n.txt')).toBe('A B C D E F G H');
  });

  test('inputs of the wrong shape are refused before anything happens', async () => {
    const checkout = await makeCheckout(files);
    const call = await makeTools(checkout.root);
    for (const input of [
      { file_path: 'a.txt' },
      { file_path: 'a.txt', content: null },
      { file_path: ['a.txt'], content: 'x' },
      null,
      'a.txt',
      [],
    ]) {
      expect(await call('write', input)).toMatch(/^ERROR: write: /);
    }
    expect(await checkout.changes()).toEqual([]);
  });
});
