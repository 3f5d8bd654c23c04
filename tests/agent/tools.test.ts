import { execa } from 'execa';
import { chmod, lstat, mkdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTools } from '../../src/agent/tools.ts';
import { makeCheckout, NO_SANDBOX, openSandbox } from '../support/agent.ts';
import type { ToolRules } from '../../src/agent/tools.ts';

/** Calls a tool as the SDK's runner does; an error comes back as `ERROR: …`. */
async function makeTools(root: string, rules: Partial<ToolRules> = {}) {
  const tools = await createTools({ checkout: root, sandbox: NO_SANDBOX, ignores: async () => false, ...rules });
  return async (name: string, input: unknown): Promise<string> => {
    const tool = tools.find((one) => one.name === name);
    if (!tool) throw new Error(`no tool ${name}`);
    try {
      return (await tool.run(tool.parse(input), undefined)) as string;
    } catch (error) {
      return `ERROR: ${(error as { content?: string }).content ?? (error as Error).message}`;
    }
  };
}

const files = { 'a.txt': 'one\ntwo\none\n', 'src/b.js': 'export {};\n', 'src/c.js': 'two\n' };

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

describe('bash', () => {
  test('is offered only where the sandbox is bubblewrap', async () => {
    const { root } = await makeCheckout({});
    const names = async (kind: 'bubblewrap' | 'off' | 'missing') =>
      (await createTools({ checkout: root, sandbox: { ...NO_SANDBOX, kind }, ignores: async () => false })).map(
        (tool) => tool.name,
      );
    expect(await names('bubblewrap')).toContain('bash');
    expect(await names('off')).not.toContain('bash');
    expect(await names('missing')).not.toContain('bash');
  });

  test('runs through the sandbox, without network and with .git read-only', async () => {
    const { root } = await makeCheckout(files);
    const sandbox = openSandbox();
    const call = await makeTools(root, { sandbox });
    expect(await call('bash', { command: 'cat src/c.js; exit 3' })).toBe('two\n[exit code 3]');
    expect(await call('bash', { command: 'true' })).toBe('(no output)\n[exit code 0]');
    expect(sandbox.asked[0]).toEqual({
      command: 'cat src/c.js; exit 3',
      cwd: root,
      readOnly: [path.join(root, '.git')],
      network: 'none',
      limits: { timeMs: 120_000, outputBytes: 30_000 },
    });
  });

  test('may write nothing at all in single-file work', async () => {
    const { root } = await makeCheckout(files);
    const sandbox = openSandbox();
    await (
      await makeTools(root, { sandbox, filename: 'x.txt' })
    )('bash', { command: 'true' });
    expect(sandbox.asked[0]!.readOnly).toEqual([root]);
  });

  test.each([
    ['timed_out', /killed after 120 seconds/],
    ['killed', /limit of the sandbox/],
    ['aborted', /^ERROR: The run was stopped/],
  ] as const)('says so when a command is %s', async (outcome, words) => {
    const { root } = await makeCheckout(files);
    const run = () => Promise.resolve({ outcome, exitCode: null, output: '', durationMs: 1 });
    const call = await makeTools(root, { sandbox: { ...openSandbox(), run } });
    expect(await call('bash', { command: 'true' })).toMatch(words);
  });
});
