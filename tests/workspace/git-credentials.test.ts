import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { RetryableError, UserError } from '../../src/errors.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { redact, remoteError } from '../../src/workspace/git-errors.ts';
import { serveGit } from '../support/git-http.ts';
import { anywhere, git, makeRepository, project, tempFolder } from '../support/repository.ts';
import type { RepositoryAccess, Workspaces } from '../../src/workspace/port.ts';
import type { GitHttp } from '../support/git-http.ts';

const folder = tempFolder();
const token = `ghs_${'0123456789abcdef.'.repeat(30)}end'"$x`;
const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
const root = join(folder.path, 'root');
let server: GitHttp;
let elsewhere: GitHttp;
let workspaces: Workspaces;
let count = 0;

beforeAll(async () => {
  mkdirSync(join(folder.path, 'remotes'));
  server = await serveGit({ root: join(folder.path, 'remotes'), username: 'x-access-token', password: token });
  elsewhere = await serveGit({ root: join(folder.path, 'remotes'), username: 'x-access-token', password: token });
  workspaces = createWorkspaces({ findRoute: anywhere, root, path: process.env['PATH'] ?? '', allowHttp: true });
});
beforeEach(() => {
  server.intercept = () => false;
  elsewhere.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([server.close(), elsewhere.close()]);
  folder.remove();
});

function setUp(over: Partial<RepositoryAccess> = {}) {
  const name = `repo${++count}`;
  const repository = makeRepository(join(folder.path, 'remotes'), name, { 'a.txt': 'a\n' });
  const access: RepositoryAccess = {
    project: project({ id: `gh_${count}`, repoUrl: `${server.origin}/${name}.git` }),
    credentials: async () => ({ username: 'x-access-token', password: token }),
    ...over,
  };
  return { ...repository, access };
}

type Child = { pid: string; cmdline: string; environ: string };

/** Every descendant of this test, as any other process of the user could see it. */
function descendants(): Child[] {
  const parents = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(
        pid,
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1] ?? '',
      );
    } catch {
      // It ended meanwhile.
    }
  }
  const ours = (pid: string): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent !== '0' && (parent === String(process.pid) || ours(parent));
  };
  return [...parents.keys()].filter(ours).flatMap((pid) => {
    try {
      return [
        {
          pid,
          cmdline: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
          environ: readFileSync(`/proc/${pid}/environ`, 'utf8'),
        },
      ];
    } catch {
      return [];
    }
  });
}

it('shows the secret in no argument, environment or file while git uses it', async () => {
  const seen: Child[] = [];
  const files: string[] = [];
  let authenticated = 0;
  server.intercept = (request) => {
    if (request.headers.authorization === `Basic ${basic}`) {
      authenticated++;
      seen.push(...descendants());
      // The pipe itself isn't a file that keeps anything: grep -D skip passes it by.
      files.push(
        execFileSync(
          'sh',
          ['-c', `grep -rlF -D skip -e "$0" -e "$1" ${root} ${tmpdir()}/nofx-git-* 2>/dev/null || true`, token, basic],
          { encoding: 'utf8' },
        ),
      );
    }
    return false;
  };
  const { access, first, bare } = setUp();
  const workspace = await workspaces.openWorkspace(access, {
    key: 'run',
    base: await workspaces.resolve(access, 'main'),
    branch: 'nofx/run',
  });
  const { sha } = await workspace.commit(
    [{ status: 'added', path: 'b', mode: '100644', binary: false, bytes: Buffer.from('b') }],
    {
      message: 'b',
      author: { name: 'n', email: 'n@example.com' },
      date: new Date(0),
    },
  );
  await workspaces.push(access, { sha, branch: 'nofx/run', expected: null });
  expect(git(bare, 'rev-parse', 'nofx/run^').trim()).toBe(first);

  expect(authenticated).toBeGreaterThanOrEqual(4);
  expect(seen.some(({ cmdline }) => cmdline.includes('remote-http'))).toBe(true);
  for (const { cmdline, environ } of seen) {
    for (const secret of [token, basic, encodeURIComponent(token)]) expect(cmdline + environ).not.toContain(secret);
  }
  expect(files.join('')).toBe('');
  const pipes = seen.flatMap(({ environ }) => environ.match(/[^' ]*nofx-git-[^/]+/g) ?? []);
  expect(pipes.length).toBeGreaterThan(0);
  expect(pipes.filter((path) => existsSync(path))).toEqual([]);
});

it('gives git nothing of our own environment', async () => {
  process.env['NOFX_TEST_SECRET'] = 'hunter2';
  let seen: Child[] = [];
  server.intercept = () => {
    seen = descendants();
    return false;
  };
  await workspaces.resolve(setUp().access, 'main');
  delete process.env['NOFX_TEST_SECRET'];
  const remote = seen.find(({ cmdline }) => cmdline.includes('remote-http'));
  expect(remote?.environ).toContain('GIT_CONFIG_NOSYSTEM=1');
  expect(remote?.environ).not.toContain('hunter2');
  expect(remote?.environ).not.toMatch(/(^|\0)HOME=/);
});

it('sends the secret to no other host that the remote redirects to', async () => {
  const { access } = setUp();
  server.intercept = (request, response) => {
    response.writeHead(302, { location: `${elsewhere.origin}${request.url}` }).end();
    return true;
  };
  let leaked = false;
  elsewhere.intercept = (request) => {
    leaked ||= request.headers.authorization !== undefined;
    return false;
  };
  await expect(workspaces.resolve(access, 'main')).rejects.toThrow(UserError);
  expect(elsewhere.requests.length).toBeGreaterThan(0);
  expect(leaked).toBe(false);
});

it('says that credentials were refused, without showing them', async () => {
  const { access } = setUp({ credentials: async () => ({ username: 'x-access-token', password: 'ghs_wrong' }) });
  const error = await workspaces.resolve(access, 'main').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(/refused the credentials/);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('ghs_wrong');
});

it('says that a repository is gone', async () => {
  const { access } = setUp();
  server.intercept = (_request, response) => {
    response.writeHead(404).end('Repository not found.');
    return true;
  };
  await expect(workspaces.resolve(access, 'main')).rejects.toThrow(/was not found/);
});

it.each([500, 502, 503, 429])('retries after %i', async (status) => {
  const { access } = setUp();
  server.intercept = (_request, response) => {
    response.writeHead(status).end();
    return true;
  };
  await expect(workspaces.resolve(access, 'main')).rejects.toThrow(RetryableError);
});

it('retries when nobody answers', async () => {
  const { access } = setUp();
  access.project.repoUrl = 'http://127.0.0.1:1/x.git';
  await expect(workspaces.resolve(access, 'main')).rejects.toThrow(RetryableError);
});

it('stops git when the run is aborted, and the mirror works afterwards', async () => {
  const { access, first } = setUp();
  const controller = new AbortController();
  let reached = () => undefined as void;
  const hanging = new Promise<void>((resolve) => (reached = resolve));
  server.intercept = () => {
    reached();
    return new Promise(() => undefined);
  };
  const running = workspaces.resolve({ ...access, signal: controller.signal }, 'main').catch((error: unknown) => error);
  await hanging;
  controller.abort(new Error('cancelled'));
  const ended = await Promise.race([running, sleep(2000).then(() => 'late')]);
  expect((ended as Error).message).toBe('cancelled');
  expect(descendants().filter(({ cmdline }) => cmdline.includes(access.project.repoUrl ?? ''))).toEqual([]);
  server.intercept = () => false;
  expect(await workspaces.resolve(access, 'main')).toBe(first);
});

it('takes secrets out of any text', () => {
  const text = `fatal: https://user:pw@host/x ${token} ${Buffer.from(`x-access-token:${token}`).toString('base64')} ${encodeURIComponent(token)}`;
  const clean = redact(text, [token, `x-access-token:${token}`]);
  expect(clean).toBe('fatal: https://***@host/x *** *** ***');
});

it.each([
  [
    'remote: error: GH006: Protected branch update failed for refs/heads/nofx/x.\n ! [remote rejected] a -> nofx/x (protected branch hook declined)',
    /refused the push/,
  ],
  [
    'remote: This repository was archived so it is read-only.\nfatal: unable to access: The requested URL returned error: 403',
    /archived/,
  ],
  [
    'remote: Write access to repository not granted.\nfatal: unable to access: The requested URL returned error: 403',
    /refused the credentials/,
  ],
  ['fatal: unable to access: Could not resolve host: github.com', /connection/],
])('reads %j', (stderr, message) => {
  expect(remoteError(stderr, { repository: 'a/b', ref: 'nofx/x' }).message).toMatch(message);
});
