import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startGitHub, type TestGitHub } from '../support/github.ts';

const ENV = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
const ME = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];

let github: TestGitHub;
let folder: string;
let installationId: number;
let token: string;
let clone: string;

/** git as a client, with a token in the header of this one command. */
async function git(cwd: string, password: string | null, ...args: string[]) {
  const credential = Buffer.from(`x-access-token:${password}`).toString('base64');
  const auth = password === null ? [] : ['-c', `http.extraHeader=Authorization: Basic ${credential}`];
  const { exitCode, stdout, stderr } = await execa('git', [...auth, ...ME, ...args], { cwd, env: ENV, reject: false });
  return { ok: exitCode === 0, stdout, stderr };
}

async function newToken(permissions?: { contents?: 'read' | 'write' }): Promise<string> {
  const { rest } = github.octokit();
  return (
    await rest.apps.createInstallationAccessToken({
      installation_id: installationId,
      ...(permissions ? { permissions } : {}),
    })
  ).data.token;
}

async function commit(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(join(clone, path, '..'), { recursive: true });
  await writeFile(join(clone, path), content);
  await git(clone, null, 'add', '--all');
  await git(clone, null, 'commit', '--message', `Change ${path}`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nofx-test-'));
  github = await startGitHub();
});

afterAll(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

let count = 0;
let repo: string;
beforeEach(async () => {
  const name = `kit${++count}`;
  const created = await github.createRepository({
    owner: 'octo',
    name,
    private: true,
    files: { 'a.txt': 'a\n', 'run.sh': { content: '#!/bin/sh\n', mode: '100755' } },
  });
  repo = `octo/${name}`;
  installationId = created.installationId!;
  token = await newToken();
  clone = join(folder, name);
  const cloned = await git(folder, token, 'clone', '--quiet', created.cloneUrl, clone);
  if (!cloned.ok) throw new Error(cloned.stderr);
});

test('clone, commit and push with an installation token', async () => {
  expect(await readFile(join(clone, 'a.txt'), 'utf8')).toBe('a\n');
  expect((await stat(join(clone, 'run.sh'))).mode & 0o100).toBe(0o100);
  await commit('b.txt', 'b\n');
  expect(await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/b')).toMatchObject({ ok: true });
  const { stdout: head } = await git(clone, null, 'rev-parse', 'HEAD');
  expect(await github.branches(repo)).toMatchObject({ 'nofx/b': head });
});

test('protocol version 2 is spoken, and a shallow clone can be pushed from', async () => {
  const shallow = join(folder, `${count}-shallow`);
  const traced = await execa(
    'git',
    [
      '-c',
      `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
      'clone',
      '--depth=1',
      `${github.url}/${repo}.git`,
      shallow,
    ],
    { env: { ...ENV, GIT_TRACE_PACKET: '1' } },
  );
  expect(traced.stderr).toContain('version 2');
  await git(shallow, null, 'commit', '--allow-empty', '--message', 'Empty');
  expect(await git(shallow, token, 'push', 'origin', 'HEAD:refs/heads/nofx/shallow')).toMatchObject({ ok: true });
});

test('a large push streams through', async () => {
  await commit('big.bin', randomBytes(12_000_000));
  expect(await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/big')).toMatchObject({ ok: true });
  expect(await execa('git', ['cat-file', '-s', 'nofx/big:big.bin'], { cwd: github.gitDir(repo) })).toMatchObject({
    stdout: '12000000',
  });
});

test.each([
  ['a token nobody issued', () => Promise.resolve('ghs_4242_x.y.z')],
  ['no token at all', () => Promise.resolve(null)],
])('%s is refused', async (_, make) => {
  const wrong = await make();
  expect(await git(clone, wrong, 'fetch')).toMatchObject({ ok: false });
  await commit('c.txt', 'c\n');
  expect(await git(clone, wrong, 'push', 'origin', 'HEAD:refs/heads/nofx/c')).toMatchObject({ ok: false });
  expect(await github.branches(repo)).not.toHaveProperty('nofx/c');
});

test('a token that may only read fetches but does not push', async () => {
  const reader = await newToken({ contents: 'read' });
  expect(await git(clone, reader, 'fetch')).toMatchObject({ ok: true });
  await commit('c.txt', 'c\n');
  expect(await git(clone, reader, 'push', 'origin', 'HEAD:refs/heads/nofx/c')).toMatchObject({
    ok: false,
    stderr: expect.stringContaining('403') as string,
  });
});

test('tokens die: all at once when asked', async () => {
  github.expireTokens();
  expect(await git(clone, token, 'fetch')).toMatchObject({ ok: false });
  expect(await git(clone, await newToken(), 'fetch')).toMatchObject({ ok: true });
});

test('a protected branch refuses the push, others take it', async () => {
  github.configure(repo, { protectedBranches: ['main'] });
  await commit('d.txt', 'd\n');
  const refused = await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/main');
  expect(refused).toMatchObject({ ok: false, stderr: expect.stringContaining('GH006') as string });
  expect(await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/d')).toMatchObject({ ok: true });
});

test('an archived repository refuses the push', async () => {
  github.configure(repo, { archived: true });
  await commit('e.txt', 'e\n');
  expect(await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/e')).toMatchObject({
    ok: false,
    stderr: expect.stringContaining('403') as string,
  });
});

test('workflow files need a permission of their own', async () => {
  await commit('.github/workflows/ci.yml', 'on: push\n');
  const refused = await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/f');
  expect(refused).toMatchObject({
    ok: false,
    stderr: expect.stringContaining('without `workflows` permission') as string,
  });
});

test('a push moves the pull request and --force-with-lease guards it', async () => {
  await commit('g.txt', 'g\n');
  await git(clone, token, 'push', 'origin', 'HEAD:refs/heads/nofx/g');
  const { rest } = github.octokit(installationId);
  await rest.pulls.create({ owner: 'octo', repo: repo.slice(5), head: 'nofx/g', base: 'main', title: 'G' });
  const before = (await git(clone, null, 'rev-parse', 'HEAD')).stdout;
  await commit('h.txt', 'h\n');
  const lease = (sha: string) =>
    git(clone, token, 'push', `--force-with-lease=nofx/g:${sha}`, 'origin', 'HEAD:refs/heads/nofx/g');
  expect(await lease('0'.repeat(40))).toMatchObject({ ok: false });
  expect(await lease(before)).toMatchObject({ ok: true });
  // No waiting: what the push did is known to the REST side before git hears that it is done.
  const { stdout: head } = await git(clone, null, 'rev-parse', 'HEAD');
  expect(github.pullRequests(repo)[0]?.head.sha).toBe(head);
  expect((await git(clone, token, 'ls-remote', 'origin', 'refs/pull/1/head')).stdout).toContain(head);
});

test('a local repository becomes a repository on the stand-in, with its branches', async () => {
  await github.createRepository({ owner: 'octo', name: `copy${count}`, from: clone });
  expect(await github.branches(`octo/copy${count}`)).toEqual({ main: expect.any(String) as string });
  const public_ = join(folder, `${count}-public`);
  expect(await git(folder, null, 'clone', `${github.url}/octo/copy${count}.git`, public_)).toMatchObject({ ok: true });
});
