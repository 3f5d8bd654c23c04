import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseOptions } from './support/database.ts';
import { startGitHub, type TestGitHub } from './support/github.ts';

const CLI = resolve(import.meta.dirname, '../src/cli.ts');

describe('npm run nofx -- keys, without an app', () => {
  let folder: string;
  let github: TestGitHub;
  let address: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nofx-keys-'));
    github = await startGitHub();
    github.addUser('mona');
    const database = await freshDatabaseOptions();
    if (database.kind !== 'postgres') throw new Error('The embedded database takes seconds to start, each time.');
    address = database.url;
  });
  afterAll(async () => {
    await github.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const keys = (...args: string[]) =>
    execa(process.execPath, [CLI, 'keys', ...args], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        HOME: folder,
        DATABASE_URL: address,
        GHE_HOST: github.host,
        GHE_PROTOCOL: 'http',
      },
    });

  it('makes one, shows it once, lists and revokes it', async () => {
    expect((await keys('list')).stdout).toBe('There are no keys.');
    const made = await keys('create', '--user', 'mona', '--name', 'laptop');
    expect(made.stderr).toBe('');
    expect(made.stdout).toMatch(/^nofx_[\w-]{43}\n/);
    const [id] = /key_[0-9a-f]{18}/.exec(made.stdout)!;
    const listed = await keys('list');
    expect(listed.stdout).toMatch(new RegExp(`^${id}  mona \\(\\d+\\)  .*  never used  laptop$`));
    expect(listed.stdout).not.toContain(made.stdout.slice(0, 20));
    expect((await keys('revoke', id)).stdout).toBe(`${id} opens nothing any more.`);
    expect((await keys('list')).stdout).toContain('  revoked  laptop');
    expect(await keys('revoke', id)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no key') });
  });

  it('says what is missing or wrong', async () => {
    expect((await keys('create')).stderr).toContain('Say --user');
    expect((await keys('create', '--user', 'no-such-user')).stderr).toContain('There is no user no-such-user');
    expect((await keys('create', '--user', 'mona', '--user-id', 'x')).stderr).toContain('not the id of a user');
    expect((await keys('create', '--user', 'offline', '--user-id', '7')).stdout).toMatch(/^nofx_/);
  });
});
