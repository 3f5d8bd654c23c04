import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import type { Role } from '../../src/domain/role.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { createRoutes } from '../../src/outbound/route.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { lane } from '../support/database.ts';
import { git } from '../support/repository.ts';
import { runRequest } from '../support/run-request.ts';
import { startApi } from './support.ts';

type Shown = Record<string, unknown> & { id: string };
type Refused = { detail: string; next?: string; errors?: { field: string; message: string }[] };

const ROLES: Record<number, Role> = { 1: 'admin', 2: 'write', 3: 'read' };
const REPO = 'https://github.example/org/new-repo';

describe(`projects over the API, on ${lane}`, () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nofx-projects-'));
    for (const name of ['allowed/kit', 'allowed/race', 'outside/kit']) {
      await mkdir(join(folder, name), { recursive: true });
      git(join(folder, name), 'init', '--quiet');
    }
    await mkdir(join(folder, 'allowed/plain'));
    await symlink(join(folder, 'outside/kit'), join(folder, 'allowed/link'));
    const workspaces = createWorkspaces({
      root: join(folder, 'workspaces'),
      path: process.env['PATH'] ?? '',
      allowedLocalRoots: [join(folder, 'allowed')],
      findRoute: createRoutes({
        vouchedFor: ['lab.lan'],
        resolve: async (host) => {
          if (!host.startsWith('inside.')) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
          return [{ address: '127.0.0.1', family: 4 }];
        },
      }),
    });
    const permission = async (_repo: unknown, _login: string, id = 0) => ROLES[id] ?? 'none';
    api = await startApi({ workspaces, github: { permission } });
    await openRun(api.deps, runRequest());
  });
  afterAll(async () => {
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const add = async (body: object): Promise<Shown> => {
    const response = await api.post('/projects', body);
    expect(response.status).toBe(201);
    return (await response.json()) as Shown;
  };
  const mistakes = async (response: Response): Promise<string[]> => {
    expect(response.status).toBe(400);
    return ((await response.json()) as Refused).errors!.map(({ field, message }) => `${field} ${message}`);
  };
  const user = (id: number) => api.keyOf({ id, login: `user-${id}` });

  it('are added, told of, changed and deleted, as SPEC.md 7.3 has it', async () => {
    const asked = { name: 'New Project', repo_url: REPO, workspace_mode: 'clone', git_mode: 'basic' };
    const response = await api.post('/projects', asked);
    expect(response.status).toBe(201);
    const project = (await response.json()) as Shown;
    expect(response.headers.get('location')).toBe(`/projects/${project.id}`);
    expect(project).toEqual({
      ...asked,
      id: expect.stringMatching(/^p_[0-9a-f]{18}$/),
      local_path: null,
      default_branch: null,
      token_env: null,
      access: 'none',
      initialized: false,
      synced_at: null,
      removed_at: null,
    });
    expect(await (await api.get('/projects')).json()).toContainEqual(project);
    const change = { name: 'Other', git_mode: 'hidden', default_branch: 'develop', token_env: 'GITHUB_TOKEN' };
    const changed = await api.send('PATCH', `/projects/${project.id}`, change);
    expect(changed.status).toBe(200);
    expect(await changed.json()).toEqual({ ...project, ...change, access: 'token' });
    const back = await api.send('PATCH', `/projects/${project.id}`, { default_branch: null, token_env: null });
    expect(await back.json()).toMatchObject({ default_branch: null, token_env: null, git_mode: 'hidden' });
    expect((await api.send('DELETE', `/projects/${project.id}`)).status).toBe(204);
    expect((await api.get(`/projects/${project.id}`)).status).toBe(404);
  });

  it('name the variable of a token, and only one made for that; a token itself is not even repeated', async () => {
    for (const token_env of [
      'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
      'PRIVATE_KEY',
      'PATH',
      'github_token',
      'NOFX_TOKEN_',
    ]) {
      const response = await api.post('/projects', { name: 'x', repo_url: REPO, token_env });
      const text = await response.clone().text();
      expect(await mistakes(response)).toEqual([
        expect.stringMatching(/^token_env is the name of an environment variable of the server, never a token itself/),
      ]);
      expect(text).not.toContain('ghp_abc');
    }
    const elsewhere = { name: 'x', repo_url: 'https://gitlab.example/a/b/c.git', token_env: 'GITHUB_TOKEN' };
    expect(await mistakes(await api.post('/projects', elsewhere))).toEqual([
      'token_env GITHUB_TOKEN is for github.example only: name GIT_TOKEN, or one that begins with NOFX_TOKEN_',
    ]);
    const { id } = await add({ ...elsewhere, token_env: 'NOFX_TOKEN_LAB' });
    expect((await api.send('PATCH', `/projects/${id}`, { token_env: 'GITHUB_TOKEN' })).status).toBe(400);
  });

  it('are told every mistake at once', async () => {
    const odd = { name: ' ', git_mode: 'expert', default_branch: 'a..b', token_env: 'HOME', more: 1 };
    expect((await mistakes(await api.post('/projects', odd))).map((line) => line.split(' ')[0])).toEqual([
      'name',
      'git_mode',
      'default_branch',
      'token_env',
      '',
    ]);
    const place = { name: 'x', workspace_mode: 'local_path', repo_url: REPO, token_env: 'GIT_TOKEN' };
    expect(await mistakes(await api.post('/projects', place))).toEqual([
      'repo_url does not go with a local path: it is one or the other',
      'token_env is of no use to a local path',
      'local_path is needed with `workspace_mode: local_path`',
    ]);
    expect(await mistakes(await api.post('/projects', { name: 'x' }))).toEqual(['repo_url is needed, or `local_path`']);
  });

  it.each([
    ['http://github.example/a/b', 'does not use https'],
    ['https://me:pass@github.example/a/b', 'has a user or password in it'],
    ['git@github.example:a/b.git', 'is malformed'],
    ['file:///etc', 'does not use https'],
    ['https://github.example/a/b?c=d', 'has a query or fragment'],
    ['https://github.example./a/b', 'has a host that ends in a dot'],
  ])('are at no address like %s', async (repo_url, why) => {
    expect(await mistakes(await api.post('/projects', { name: 'x', repo_url }))).toEqual([
      `repo_url ${why}: give the https address, without user or password`,
    ]);
  });

  it('are nowhere in a private network, by address or by name, but at hosts that the server names', async () => {
    for (const [repo_url, why] of [
      ['https://169.254.169.254/latest', 'Its address is not a public one.'],
      ['https://localhost:8443/a/b', 'Its host is a name of the local network.'],
      ['https://inside.example/a/b', "The host's address 127.0.0.1 is not a public one."],
    ] as const) {
      expect(await mistakes(await api.post('/projects', { name: 'x', repo_url }))).toEqual([
        `repo_url The address of x may not be used. ${why} Give one that is open to the internet; or, where ${new URL(repo_url).host} is of your own network, name it in NOFX_PRIVATE_HOSTS of the server.`,
      ]);
    }
    await add({ name: 'Lab', repo_url: 'https://lab.lan/a/b' });
    // Nobody can say yet where a name leads that is not found: that is asked again before git goes there.
    await add({ name: 'Later', repo_url: 'https://not-yet.example/a/b' });
  });

  it('are on this disk only inside an allowed folder, whatever links there are', async () => {
    const at = (path: string) => api.post('/projects', { name: 'kit', local_path: `${folder}/${path}` });
    const made = await at('allowed/kit');
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ workspace_mode: 'local_path', access: 'local', repo_url: null });
    for (const [path, why] of [
      ['allowed/link', /is outside the folders/],
      ['outside/kit', /is outside the folders/],
      ['allowed/../outside/kit', /is outside the folders/],
      ['allowed/none', /does not exist/],
      ['allowed/plain', /is not a git repository/],
    ] as const) {
      expect(await mistakes(await at(path))).toEqual([expect.stringMatching(why)]);
    }
    expect(await mistakes(await api.post('/projects', { name: 'kit', local_path: 'kit' }))).toEqual([
      expect.stringMatching(/^local_path .*has no absolute path/),
    ]);
    const again = await at('allowed/plain/../kit/');
    expect(again.status).toBe(409);
  });

  it('are one at each address, however it is written', async () => {
    const { id } = await add({
      name: 'One',
      repo_url: 'https://github.example/Org/One.git',
      token_env: 'GITHUB_TOKEN',
    });
    const again = await api.post('/projects', { name: 'Two', repo_url: 'https://github.example/org/one/' });
    expect(again.status).toBe(409);
    expect(((await again.json()) as Refused).detail).toContain(id);
    const installed = await api.post('/projects', { name: 'x', repo_url: 'https://github.example/acme/text-kit' });
    expect(installed.status).toBe(409);
    expect(((await installed.json()) as Refused).next).toContain('The app is on it');
  });

  it.each([
    ['an address', (n: number) => ({ repo_url: `https://GitHub.example:443/org/Race${['', '.git', '/'][n % 3]}` })],
    ['a path', () => ({ local_path: `${folder}/allowed/race` })],
  ])('are one at %s also where many add it at once', async (_, at) => {
    // With its connections open, they get to the database at one moment.
    await Promise.all(Array.from({ length: 9 }, () => api.get('/projects')));
    const answers = await Promise.all(
      Array.from({ length: 9 }, (__, n) => api.post('/projects', { name: `Race ${n}`, ...at(n) })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array<number>(8).fill(409)]);
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as (Shown & Refused)[];
    const { id } = bodies.find((body) => 'id' in body)!;
    for (const { detail } of bodies.filter((body) => 'detail' in body))
      expect(detail).toMatch(new RegExp(`^That is a project already: ${id} \\(Race \\d\\)\\.$`));
  });

  it('are the admin’s to make and delete; where the app is, its admins may settle a thing or two', async () => {
    const [admin, writer, stranger] = [await user(1), await user(2), await user(9)];
    expect((await api.post('/projects', { name: 'x', repo_url: REPO }, admin)).status).toBe(403);
    expect((await api.send('PATCH', '/projects/gh_7', { git_mode: 'hidden' }, writer)).status).toBe(403);
    expect((await api.send('PATCH', '/projects/gh_7', { git_mode: 'hidden' }, stranger)).status).toBe(404);
    const changed = await api.send('PATCH', '/projects/gh_7', { git_mode: 'advanced', default_branch: 'next' }, admin);
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ git_mode: 'advanced', default_branch: 'next', access: 'app' });
    const ours = await api.send('PATCH', '/projects/gh_7', { name: 'x', token_env: 'GIT_TOKEN' });
    expect(await mistakes(ours)).toEqual([
      'name is that of the repository on GitHub',
      'token_env is of no use where the app is',
    ]);
    expect((await api.send('DELETE', '/projects/gh_7', undefined, admin)).status).toBe(403);
    expect((await api.send('DELETE', '/projects/gh_7')).status).toBe(409);
    const { id } = await add({ name: 'Mine', repo_url: 'https://git.example/mine.git', token_env: 'GIT_TOKEN' });
    expect((await api.get(`/projects/${id}`, admin)).status).toBe(404);
    expect((await api.send('PATCH', `/projects/${id}`, {}, admin)).status).toBe(404);
    expect((await api.post(`/projects/${id}/sync`, undefined, admin)).status).toBe(404);
    expect((await api.post('/projects/gh_7/sync', undefined, await user(3))).status).toBe(403);
  });

  it('are not deleted with a run under way, and with others only where that is said', async () => {
    const { id } = await add({ name: 'Busy', repo_url: 'https://git.example/busy.git', token_env: 'GIT_TOKEN' });
    const base = runRequest();
    const opened = await openRun(api.deps, {
      ...base,
      project: { ...base.project, id, installationId: null, repositoryId: null },
      triggerKey: 'busy',
    });
    const remove = async (query = '') => {
      const response = await api.send('DELETE', `/projects/${id}${query}`);
      return {
        status: response.status,
        ...((response.status === 204 ? {} : await response.json()) as Partial<Refused>),
      };
    };
    expect(await remove('?runs=delete')).toMatchObject({ status: 409, detail: 'A run of it is under way.' });
    await api.db.execute(sql`update nofx.run set ended_at = now(), status = 'failed' where project_id = ${id}`);
    expect(await remove()).toMatchObject({ status: 409, detail: 'It has runs, which would be lost with it.' });
    expect(await remove('?runs=keep')).toMatchObject({ status: 400 });
    expect(await remove('?runs=delete')).toEqual({ status: 204 });
    expect((await api.get(`/runs/${opened.ok ? opened.run.id : ''}`)).status).toBe(404);
    expect(await remove()).toMatchObject({ status: 404 });
  });
});
