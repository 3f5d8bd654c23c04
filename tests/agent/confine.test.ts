import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { makeCheckout } from '../support/agent.ts';
import { files, makeTools } from './support.ts';

describe('paths that lead out of bounds', () => {
  const everyTool: [string, (path: string) => Record<string, unknown>][] = [
    ['read', (file_path) => ({ file_path })],
    ['write', (file_path) => ({ file_path, content: 'evil' })],
    ['edit', (file_path) => ({ file_path, old_string: 'secret', new_string: 'evil' })],
    ['glob', (where) => ({ pattern: '**/*', path: where })],
    ['grep', (where) => ({ pattern: 's', path: where })],
    ['delete_file', (file_path) => ({ file_path })],
    ['move_file', (from) => ({ from, to: 'moved.txt' })],
    ['move_file', (to) => ({ from: 'a.txt', to })],
  ];

  async function makeTrap() {
    const checkout = await makeCheckout(files);
    const { root, outside } = checkout;
    await writeFile(path.join(outside, 'secret.txt'), 'secret');
    await mkdir(path.join(outside, 'dir'));
    await writeFile(path.join(outside, 'dir', 'secret.txt'), 'secret');
    await mkdir(path.join(`${root}-twin`));
    await writeFile(path.join(`${root}-twin`, 'secret.txt'), 'secret');
    await symlink(path.join(outside, 'secret.txt'), path.join(root, 'out-file'));
    await symlink('../dir', path.join(root, 'out-dir'));
    await symlink(path.join(outside, 'not-there.txt'), path.join(root, 'out-dangling'));
    await symlink('out-dir', path.join(root, 'out-twice'));
    await symlink('.git', path.join(root, 'git-link'));
    await symlink('loop', path.join(root, 'loop'));
    await writeFile(path.join(root, '.git', 'hooks', 'secret.txt'), 'secret');
    const before = await execa(
      'find',
      [outside, '-newermt', '2000-01-01', '-type', 'f', '-not', '-name', 'index', '-exec', 'sha1sum', '{}', '+'],
      { reject: false },
    );
    return { ...checkout, before: before.stdout.split('\n').toSorted().join('\n') };
  }

  test.each(everyTool)('%s', async (name, input) => {
    const trap = await makeTrap();
    const call = await makeTools(trap.root);
    const follows = !['delete_file', 'move_file'].includes(name);
    const targets = [
      '../secret.txt',
      'src/../../secret.txt',
      path.join(trap.outside, 'secret.txt'),
      `${trap.root}-twin/secret.txt`,
      '/etc/passwd',
      '/proc/self/environ',
      'out-dir/secret.txt',
      'out-twice/secret.txt',
      '.git/hooks/secret.txt',
      '.git/config',
      '.GIT/config',
      '.git /config',
      '.git./config',
      'GIT~1/config',
      '.g\u200cit/config',
      '.git::$INDEX_ALLOCATION/config',
      'src/.git/hooks/x',
      'src\\.git\\hooks\\x',
      'git-link/hooks/secret.txt',
      'a\u0000b',
      'a\nb',
      '',
      ...(follows ? ['out-file', 'out-dangling', 'loop', 'git-link'] : []),
      ...(name === 'write' || name === 'edit' || !follows ? ['.', './', 'src/..'] : []),
    ];
    for (const target of targets) {
      const answer = await call(name, input(target));
      expect({ target, answer }).toEqual({ target, answer: expect.stringMatching(/^ERROR: /) as string });
      expect(answer).not.toMatch(/root:|secret\b(?!\.txt)/);
    }
    // Nothing was written or moved, inside or outside.
    const after = await execa(
      'find',
      [trap.outside, '-newermt', '2000-01-01', '-type', 'f', '-not', '-name', 'index', '-exec', 'sha1sum', '{}', '+'],
      { reject: false },
    );
    expect(after.stdout.split('\n').toSorted().join('\n')).toBe(trap.before);
    expect(await lstat(path.join(trap.outside, 'not-there.txt')).catch(() => null)).toBeNull();
  });

  test('glob and grep do not follow links out', async () => {
    const trap = await makeTrap();
    const call = await makeTools(trap.root);
    expect(await call('glob', { pattern: '**/secret.txt' })).toBe('no matches');
    expect(await call('glob', { pattern: 'out-dir/*' })).toBe('no matches');
    expect(await call('glob', { pattern: '../*' })).toMatch(/^ERROR/);
    expect(await call('grep', { pattern: 'secret' })).toBe('no matches');
  });

  test('protected paths cannot be changed, but read', async () => {
    const checkout = await makeCheckout({ '.github/workflows/ci.yml': 'on: push\n', 'x.yml': 'x' });
    await symlink('.github', path.join(checkout.root, 'gh'));
    const call = await makeTools(checkout.root, { protectedPaths: ['*.lock'] });
    expect(await call('write', { file_path: 'deep/Some.lock', content: 'x' })).toMatch(/ERROR: .*protected/);
    for (const file_path of ['.github/workflows/ci.yml', 'gh/workflows/ci.yml', './.github//workflows/new.yml']) {
      expect(await call('write', { file_path, content: 'x' })).toMatch(/ERROR: .*protected/);
    }
    expect(await call('edit', { file_path: '.github/workflows/ci.yml', old_string: 'push', new_string: 'x' })).toMatch(
      /protected/,
    );
    expect(await call('delete_file', { file_path: '.github/workflows/ci.yml' })).toMatch(/protected/);
    expect(await call('move_file', { from: 'x.yml', to: '.github/workflows/x.yml' })).toMatch(/protected/);
    expect(await call('read', { file_path: '.github/workflows/ci.yml' })).toBe('on: push\n');
    await execa('rm', ['gh'], { cwd: checkout.root });
    expect(await checkout.changes()).toEqual([]);
  });

  test('single-file work changes that file alone', async () => {
    const checkout = await makeCheckout(files);
    const call = await makeTools(checkout.root, { filename: './src/new.js' });
    expect(await call('write', { file_path: 'src/new.js', content: 'ok' })).toContain('wrote');
    expect(await call('write', { file_path: 'src/other.js', content: 'no' })).toMatch(/ERROR: .*"src\/new.js" alone/);
    expect(await call('edit', { file_path: 'a.txt', old_string: 'two', new_string: 'x' })).toMatch(/ERROR/);
    expect(await call('delete_file', { file_path: 'a.txt' })).toMatch(/ERROR/);
    expect(await call('move_file', { from: 'a.txt', to: 'src/x' })).toMatch(/ERROR/);
    expect(await checkout.changes()).toEqual(['A src/new.js']);
  });
});
