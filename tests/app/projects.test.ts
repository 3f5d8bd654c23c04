import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { standardPlan } from '../../src/domain/plan.ts';
import { syncInstallations } from '../../src/runs/installed.ts';
import { lane } from '../support/database.ts';
import { serveGit, type GitHttp } from '../support/git-http.ts';
import { PASSING, startHarness, until, writesNotes, type Harness } from '../support/harness.ts';
import { git, makeRepository } from '../support/repository.ts';

const PASSWORD = 'a password of the tests';
const admin = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
const HUB_TOKEN = 'ghp_of-mona-and-nobody-else-1234567890';
const LAB_TOKEN = 'lab-token-of-the-tests';
const FILES = { 'README.md': '# Kit\n', '.github/nofx.yml': PASSING };

type Shown = { id: string; name: string; access: string; initialized: boolean; removed_at: string | null };
type Run = { id: string; status: string; branch: string; pull_request: { number: number } | null; steps: Step[] };
type Step = { tool: string; outputs: { notes?: string[]; sha?: string } };

describe.concurrent(`projects, on ${lane}`, () => {
  let nofx: Harness;
  let folder: string;
  let lab: GitHttp;
  /** on which the app was put while nobody listened */
  let missed: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nofx-places-'));
    await mkdir(join(folder, 'local'));
    await mkdir(join(folder, 'lab'));
    lab = await serveGit({ root: join(folder, 'lab'), username: 'oauth2', password: LAB_TOKEN });
    nofx = await startHarness({
      environment: {
        ADMIN_PASSWORD: PASSWORD,
        GITHUB_TOKEN: HUB_TOKEN,
        GIT_TOKEN: LAB_TOKEN,
        NOFX_LOCAL_ROOTS: join(folder, 'local'),
        NOFX_PRIVATE_HOSTS: '10.0.0.8:8443',
      },
    });
    nofx.github.createToken('mona', HUB_TOKEN);
    nofx.webhooks('miss');
    missed = (await nofx.github.createRepository({ owner: 'late', name: 'kit', files: FILES })).id;
    nofx.webhooks('reach');
  });
  afterAll(async () => {
    await nofx.stop();
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  });

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = admin) =>
    fetch(nofx.nofx.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const read = async <T>(path: string): Promise<T> => (await call('GET', path)).json() as Promise<T>;
  const make = async (body: object): Promise<Shown> => {
    const response = await call('POST', '/projects', body);
    expect(response.status, await response.clone().text()).toBe(201);
    return response.json() as Promise<Shown>;
  };
  const keyOf = async (login: string) => {
    const user = { id: nofx.github.addUser(login).id, login };
    return { authorization: `Bearer ${(await createKey(nofx.nofx.database.db, { user, name: 'test' })).key}` };
  };
  const start = async (projectId: string, more: object = {}, headers = admin): Promise<Run> => {
    const standard = { prompt: 'Add the notes', projectId, ...more };
    const response = await call('POST', '/runs', { standard }, headers);
    expect(response.status, await response.clone().text()).toBe(201);
    const { id } = (await response.json()) as { id: string };
    let run!: Run;
    await until(async () => /succeeded|failed|neutral/.test((run = await read<Run>(`/runs/${id}`)).status));
    return run;
  };

  it('come with the app, by themselves, and say so when it was taken off them', async () => {
    const kit = await nofx.repository();
    const other = await nofx.repository();
    const at = (id: number) => read<Shown & { status?: number }>(`/projects/gh_${id}`);
    await until(async () => (await at(other.id)).id === `gh_${other.id}`);
    expect(await at(kit.id)).toMatchObject({ name: kit.name, access: 'app', initialized: false, removed_at: null });
    await kit.ask();
    await until(async () => (await at(kit.id)).initialized);
    await nofx.github.removeFrom(other.name);
    await nofx.github.removeFrom(kit.name);
    await until(async () => (await at(other.id)).status === 404 && (await at(kit.id)).access === 'none');
    expect((await at(kit.id)).removed_at).toEqual(expect.any(String));
    expect((await call('DELETE', `/projects/gh_${kit.id}`)).status).toBe(409);
    expect((await call('DELETE', `/projects/gh_${kit.id}?runs=delete`)).status).toBe(204);
  });

  it('of an account that were missed are found by upkeep, and go with the installation', async () => {
    expect((await call('GET', `/projects/gh_${missed}`)).status).toBe(404);
    await syncInstallations(nofx.nofx.deps, AbortSignal.timeout(60_000));
    expect(await read<Shown>(`/projects/gh_${missed}`)).toMatchObject({ name: 'late/kit', access: 'app' });
    await nofx.github.uninstall('late');
    await until(async () => (await call('GET', `/projects/gh_${missed}`)).status === 404);
  });

  it('on GitHub work by a personal token where the app is not, up to the pull request', async () => {
    const name = 'private-owner/kit';
    const files = { ...FILES, '.github/nofx.yml': `${PASSING}labels: [from nofx]\ncommits: verified\n` };
    const { cloneUrl } = await nofx.github.createRepository({
      owner: 'private-owner',
      name: 'kit',
      files,
      private: true,
      installed: false,
      collaborators: { mona: 'write', rita: 'read' },
    });
    nofx.teach(name, writesNotes);
    const project = await make({ name: 'Mona’s kit', repo_url: cloneUrl, token_env: 'GITHUB_TOKEN' });
    expect(project).toMatchObject({ access: 'token', initialized: false });
    const synced = await call('POST', `/projects/${project.id}/sync`);
    const { main } = await nofx.github.branches(name);
    expect(await synced.json()).toMatchObject({ project: { initialized: true }, branch: 'main', head: main });

    expect((await call('GET', `/projects/${project.id}`, undefined, await keyOf('stranger'))).status).toBe(404);
    const rita = await keyOf('rita');
    expect((await call('GET', `/projects/${project.id}`, undefined, rita)).status).toBe(200);
    const refused = await call('POST', '/runs', { standard: { prompt: 'x', projectId: project.id } }, rita);
    expect(refused.status).toBe(403);
    const mona = await keyOf('mona');
    expect((await call('PATCH', `/projects/${project.id}`, { git_mode: 'hidden' }, mona)).status).toBe(403);

    const run = await start(project.id, {}, mona);
    expect(run).toMatchObject({ status: 'succeeded' });
    const [pull] = nofx.github.pullRequests(name);
    expect(pull).toMatchObject({ number: run.pull_request!.number, user: { login: 'mona' }, base: { ref: 'main' } });
    expect((await nofx.github.branches(name))[run.branch]).toBe(pull!.head.sha);
    expect(nofx.github.checkRuns(name)).toEqual([]);
    expect(run.steps.at(-1)!.outputs.notes).toEqual([
      'The commit has no checks of NOFX: only an app may write them, and it is not on this repository.',
    ]);
    expect(nofx.log().join('')).not.toContain(HUB_TOKEN);
    await until(() => !existsSync(join(nofx.dataDir, 'workspaces', 'workspaces', project.id, run.id)));
  });

  it('anywhere else end with the pushed branch, and say that there is no pull request', async () => {
    const { bare } = makeRepository(join(folder, 'lab'), 'kit', FILES);
    nofx.teach('Lab kit', writesNotes);
    const project = await make({ name: 'Lab kit', repo_url: `${lab.origin}/kit.git`, token_env: 'GIT_TOKEN' });
    const run = await start(project.id);
    expect(run).toMatchObject({ status: 'succeeded', pull_request: null });
    expect(run.steps.map(({ tool }) => tool)).toEqual(['codegen', 'workspace:write', 'gate:test', 'git_push']);
    const { notes, sha } = run.steps.at(-1)!.outputs;
    expect(notes).toEqual([`NOFX opens pull requests on GitHub only. The work is on the branch \`${run.branch}\`.`]);
    expect(git(bare, 'rev-parse', run.branch).trim()).toBe(sha);
    expect(lab.requests.join('\n') + nofx.log().join('')).not.toContain(LAB_TOKEN);
    await until(async () => (await read<Shown>(`/projects/${project.id}`)).initialized);

    const { steps: usual } = standardPlan({ goal: 'g', prompt: 'p' });
    const plan = { goal: 'g', steps: usual };
    const refused = await call('POST', '/runs', { plan, projectId: project.id });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ next: expect.stringContaining('git_push') });
    const steps = [
      { name: 'sync', tool: 'git_ops', inputs: { operation: 'sync' } },
      { name: 'branch', tool: 'git_ops', inputs: { operation: 'branch', branch_name: 'nofx/kept' } },
    ];
    const merge = { name: 'merge', tool: 'git_ops', inputs: { operation: 'merge', source_branch: 'main' } };
    const body = { plan: { goal: 'g', steps: [...steps, merge] }, projectId: project.id };
    expect(await (await call('POST', '/runs', body)).json()).toMatchObject({
      status: 422,
      detail: 'Lab kit is not on GitHub: step "merge": merge is done on GitHub only.',
    });
    body.plan.steps.pop();
    const { id } = (await (await call('POST', '/runs', body)).json()) as { id: string };
    await until(async () => (await read<Run>(`/runs/${id}`)).status === 'succeeded');
    expect(git(bare, 'rev-parse', 'nofx/kept')).toBe(git(bare, 'rev-parse', 'main'));
    await call('PATCH', `/projects/${project.id}`, { token_env: 'NOFX_TOKEN_UNSET' });
    expect(await (await call('POST', `/projects/${project.id}/sync`)).json()).toMatchObject({
      status: 422,
      detail: expect.stringContaining('NOFX_TOKEN_UNSET, which is not set on this server'),
    });
    await call('PATCH', `/projects/${project.id}`, { token_env: null });
    const unarmed = await call('POST', '/runs', { standard: { prompt: 'x', projectId: project.id } });
    expect(await unarmed.json()).toMatchObject({
      status: 422,
      detail: expect.stringContaining('Nothing could be pushed'),
    });
  });

  it('are in the network of the server only where it names the host', async () => {
    await make({ name: 'Named', repo_url: 'https://10.0.0.8:8443/a/b.git' });
    const refused = await call('POST', '/projects', { name: 'Not named', repo_url: 'https://10.0.0.8/a/b.git' });
    expect(await refused.json()).toMatchObject({
      status: 400,
      errors: [{ field: 'repo_url', message: expect.stringContaining('Its address is not a public one.') }],
    });
  });

  it('on this disk end with a branch, and leave the files and the index of their owner alone', async () => {
    const { work } = makeRepository(join(folder, 'local'), 'kit', FILES);
    nofx.teach('My kit', writesNotes);
    await writeFile(join(work, 'README.md'), '# In the middle of something\n');
    const before = { status: git(work, 'status', '--porcelain=v2', '--branch'), head: git(work, 'rev-parse', 'HEAD') };
    const project = await make({ name: 'My kit', local_path: work });
    const synced = await call('POST', `/projects/${project.id}/sync`);
    expect(await synced.json()).toMatchObject({
      branch: 'main',
      head: before.head.trim(),
      project: { access: 'local' },
    });
    const run = await start(project.id, { openPr: false });
    expect(run).toMatchObject({ status: 'succeeded', pull_request: null });
    expect(git(work, 'show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(git(work, 'rev-parse', `${run.branch}^`)).toBe(before.head);
    expect(git(work, 'status', '--porcelain=v2', '--branch')).toBe(before.status);
    expect(await readFile(join(work, 'README.md'), 'utf8')).toBe('# In the middle of something\n');
    expect((await call('GET', `/runs/${run.id}`, undefined, await keyOf('mona'))).status).toBe(404);
    const { id } = run.steps[0] as Step & { id: string };
    expect((await call('POST', `/runs/${run.id}/steps/${id}/retry`)).status).toBe(409);
  });
});
