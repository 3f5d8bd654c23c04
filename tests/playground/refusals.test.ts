import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { sign } from 'hono/jwt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGitHub, type TestGitHub } from '../support/github.ts';

const at = { owner: 'octo', repo: 'kit' };
const REPO = 'octo/kit';

let github: TestGitHub;
let installationId: number;
let sha: string;

beforeAll(async () => {
  github = await startGitHub();
  const repo = await github.createRepository({ owner: 'octo', name: 'kit', private: true, files: { 'a.txt': 'a\n' } });
  installationId = repo.installationId!;
  sha = (await github.branches(REPO))['main']!;
  await github.openIssue({ repo: REPO, title: 'One', by: 'ann' });
});

afterAll(() => github.stop());

const api = () => github.octokit(installationId).rest;

/** A request by hand, for what Octokit would not send. */
async function ask(path: string, authorization?: string, init: RequestInit = {}) {
  const headers = new Headers(authorization ? { authorization } : {});
  const response = await fetch(`${github.apiUrl}${path}`, { redirect: 'manual', ...init, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as { message: string } };
}

async function tokenWith(permissions: Record<string, 'read' | 'write'>): Promise<string> {
  const { rest } = github.octokit();
  const { data } = await rest.apps.createInstallationAccessToken({ installation_id: installationId, permissions });
  return `token ${data.token}`;
}

async function jwt(claims: Record<string, unknown>, key = github.app.privateKey): Promise<string> {
  const pem = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
  const now = Math.floor(Date.now() / 1000);
  return `Bearer ${await sign({ iat: now - 30, exp: now + 300, iss: String(github.app.id), ...claims }, pem, 'RS256')}`;
}

test('the app is believed by its key alone', async () => {
  const soon = Math.floor(Date.now() / 1000);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(await ask('/app', await jwt({}))).toMatchObject({ status: 200 });
  expect(await ask('/app', await jwt({}, other))).toMatchObject({ status: 401 });
  expect(await ask('/app', await jwt({ exp: soon - 1 }))).toMatchObject({ status: 401 });
  expect(await ask('/app', await jwt({ exp: soon + 3600 }))).toMatchObject({
    status: 401,
    body: { message: expect.stringContaining('too far in the future') as string },
  });
  expect(await ask('/app', await jwt({ iss: 1 }))).toMatchObject({ status: 404 });
  expect(await ask('/app')).toMatchObject({ status: 401 });
  expect(await ask('/app', await tokenWith({ issues: 'read' }))).toMatchObject({ status: 401 });
  expect(await ask(`/repos/${REPO}`, await jwt({}))).toMatchObject({ status: 403 });
});

test('a token does what it was given and no more', async () => {
  const reader = await tokenWith({ issues: 'read' });
  const post = { method: 'POST', body: JSON.stringify({ body: 'hi' }) };
  expect(await ask(`/repos/${REPO}/issues/1`, reader)).toMatchObject({ status: 200 });
  expect(await ask(`/repos/${REPO}/issues/1/comments`, reader, post)).toMatchObject({
    status: 403,
    body: { message: 'Resource not accessible by integration' },
  });
  expect(await ask(`/repos/${REPO}/contents/a.txt`, reader)).toMatchObject({ status: 403 });
  expect(await ask(`/repos/${REPO}`, 'token ghs_1_a.b.c')).toMatchObject({
    status: 401,
    body: { message: 'Bad credentials' },
  });
  expect(await ask(`/repos/${REPO}`)).toMatchObject({ status: 404 });
  const { rest } = github.octokit();
  const tooMuch = rest.apps.createInstallationAccessToken({
    installation_id: installationId,
    permissions: { workflows: 'write' },
  });
  await expect(tooMuch).rejects.toMatchObject({ status: 422 });
  const elsewhere = rest.apps.createInstallationAccessToken({ installation_id: installationId, repository_ids: [7] });
  await expect(elsewhere).rejects.toMatchObject({ status: 422 });
});

test('tokens end after an hour', async () => {
  let now = Date.now();
  const other = await startGitHub({ now: () => new Date(now) });
  const { installationId: id } = await other.createRepository({
    owner: 'octo',
    name: 'kit',
    private: true,
    files: { a: 'a' },
  });
  const { token, expires_at } = (
    await other.octokit().rest.apps.createInstallationAccessToken({ installation_id: Number(id) })
  ).data;
  const status = async () =>
    (await fetch(`${other.apiUrl}/repos/octo/kit`, { headers: { authorization: `token ${token}` } })).status;
  expect(Math.abs(Date.parse(expires_at) - now - 3_600_000)).toBeLessThan(1000);
  now += 3_599_000;
  expect(await status()).toBe(200);
  now += 2000;
  expect(await status()).toBe(401);
  await other.stop();
});

test("what does not exist is GitHub's 404", async () => {
  expect(await ask('/no/such/thing')).toMatchObject({ status: 404, body: { message: 'Not Found' } });
  await expect(api().issues.get({ ...at, issue_number: 99 })).rejects.toMatchObject({ status: 404 });
  await expect(api().checks.get({ ...at, check_run_id: 1 })).rejects.toMatchObject({ status: 404 });
  await expect(api().repos.get({ owner: 'octo', repo: 'gone' })).rejects.toMatchObject({ status: 404 });
  expect((await fetch(`${github.url}/api/graphql`, { method: 'POST' })).status).toBe(401);
  // The harness hears of requests that NOFX has no business to make.
  expect(github.problems.splice(0)).toEqual(['unknown operation: GET /no/such/thing']);
});

test('bodies have their limit', async () => {
  const fits = 'x'.repeat(65_536);
  await api().issues.createComment({ ...at, issue_number: 1, body: fits });
  await expect(api().issues.createComment({ ...at, issue_number: 1, body: `${fits}x` })).rejects.toMatchObject({
    status: 422,
  });
  await github.push({ repo: REPO, branch: 'nofx/long', files: { b: 'b' }, by: 'ann' });
  const pull = { ...at, head: 'nofx/long', base: 'main', title: 'Long' };
  await expect(api().pulls.create({ ...pull, body: `${fits}x` })).rejects.toMatchObject({ status: 422 });
});

test('pull requests need branches with something between them', async () => {
  const create = (head: string, base: string) => api().pulls.create({ ...at, head, base, title: 'T' });
  const errors = (field: object) => ({
    status: 422,
    response: { data: { message: 'Validation Failed', errors: [expect.objectContaining(field)] } },
  });
  await expect(create('nofx/none', 'main')).rejects.toMatchObject(errors({ field: 'head', code: 'invalid' }));
  await expect(create('nofx/long', 'none')).rejects.toMatchObject(errors({ field: 'base', code: 'invalid' }));
  await expect(create('main', 'main')).rejects.toMatchObject(errors({ message: 'No commits between main and main' }));
});

test('of two pull requests asked for at once, one is made', async () => {
  const create = () => api().pulls.create({ ...at, head: 'nofx/long', base: 'main', title: 'T' });
  const outcomes = await Promise.allSettled([create(), create(), create()]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(github.pullRequests(REPO)).toHaveLength(1);
});

test('check runs have theirs', async () => {
  const base = { ...at, name: 'NOFX', head_sha: sha };
  const output = { title: 't', summary: 's' };
  const annotation = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice' as const, message: 'm' };
  const action = { label: 'Retry', description: 'd', identifier: 'i' };
  const refused = (more: object) =>
    expect(api().checks.create({ ...base, ...more })).rejects.toMatchObject({ status: 422 });
  await refused({ head_sha: '0'.repeat(40) });
  await refused({ output: { ...output, summary: 'x'.repeat(65_536) } });
  await refused({ output: { ...output, text: '漢'.repeat(21_846) } });
  for (const more of [{ message: 'x'.repeat(65_537) }, { title: 'x'.repeat(256) }, { start_line: 2 }])
    await refused({ output: { ...output, annotations: [{ ...annotation, ...more }] } });
  await refused({ output: { ...output, annotations: Array.from({ length: 51 }, () => annotation) } });
  await refused({ actions: [action, action, action, action] });
  await refused({ actions: [{ ...action, label: 'x'.repeat(21) }] });
  await refused({ actions: [{ ...action, description: 'x'.repeat(41) }] });
  await refused({ actions: [{ ...action, identifier: 'x'.repeat(21) }] });
  await refused({ status: 'completed' });
  expect(github.checkRuns(REPO)).toEqual([]);
  // The description says most of it too, so a test of ours hears of it either way.
  expect(github.problems.splice(0).length).toBeGreaterThanOrEqual(6);
});

test('an empty repository, an archived one, a renamed one', async () => {
  await github.createRepository({ owner: 'octo', name: 'empty' });
  const empty = { owner: 'octo', repo: 'empty' };
  await expect(api().git.getRef({ ...empty, ref: 'heads/main' })).rejects.toMatchObject({ status: 409 });
  await expect(api().repos.getContent({ ...empty, path: 'x' })).rejects.toMatchObject({ status: 404 });

  await github.createRepository({ owner: 'octo', name: 'old', files: { a: 'a' } });
  const { number } = await github.openIssue({ repo: 'octo/old', title: 'Late', by: 'ann' });
  github.configure('octo/old', { archived: true });
  const old = { owner: 'octo', repo: 'old' };
  await expect(api().issues.createComment({ ...old, issue_number: number, body: 'x' })).rejects.toMatchObject({
    status: 403,
  });
  expect((await api().repos.get(old)).data.archived).toBe(true);

  github.rename('octo/old', { name: 'new' });
  expect((await ask('/repos/octo/old/issues/1', await tokenWith({ issues: 'read' }))).headers.get('location')).toMatch(
    /\/repositories\/\d+\/issues\/1$/,
  );
  // Octokit follows; the address it follows to is not in the description.
  expect((await api().repos.get(old)).data.full_name).toBe('octo/new');
  expect(github.problems.splice(0).every((problem) => /unknown operation: GET \/repositories\/\d+/.test(problem))).toBe(
    true,
  );
});

test('a suspended installation, and one that is gone', async () => {
  const { installationId: id } = await github.createRepository({ owner: 'bob', name: 'solo', files: { a: 'a' } });
  const solo = { owner: 'bob', repo: 'solo' };
  const { rest } = github.octokit(id);
  await rest.issues.listForRepo(solo);
  await github.suspend('bob');
  await expect(rest.issues.listForRepo(solo)).rejects.toMatchObject({ status: 403 });
  await expect(github.octokit(id).rest.issues.listForRepo(solo)).rejects.toMatchObject({ status: 403 });
  await github.uninstall('bob');
  await expect(github.octokit(id).rest.issues.listForRepo(solo)).rejects.toMatchObject({ status: 404 });
});

test('faults: before the effect, after it, as often as asked', async () => {
  const comment = () => api().issues.createComment({ ...at, issue_number: 1, body: 'again' });
  const count = () => github.comments(REPO, 1).filter(({ body }) => body === 'again').length;
  const path = /\/issues\/1\/comments$/;
  github.failNext({ method: 'POST', path, status: 502 });
  await expect(comment()).rejects.toMatchObject({ status: 502 });
  expect(count()).toBe(0);
  github.failNext({ method: 'POST', path, status: 502, afterEffect: true });
  await expect(comment()).rejects.toMatchObject({ status: 502 });
  expect(count()).toBe(1);
  github.failNext({ path, status: 429, headers: { 'retry-after': '7' }, times: 2 });
  await expect(comment()).rejects.toMatchObject({ status: 429, response: { headers: { 'retry-after': '7' } } });
  await expect(comment()).rejects.toMatchObject({ status: 429 });
  await comment();
  expect(count()).toBe(2);
  github.failNext({ path, status: 0, afterEffect: true });
  await expect(comment()).rejects.toThrow(/fetch failed|other side closed|socket/);
  expect(count()).toBe(3);
  expect(github.requests().at(-1)).toMatchObject({
    method: 'POST',
    path: `/repos/${REPO}/issues/1/comments`,
    body: { body: 'again' },
    faulted: true,
  });
});

test('all else that was sent here is as GitHub has it', () => {
  expect(github.problems).toEqual([]);
});

test('a check run that is completed stays so', async () => {
  const { sha: head } = await github.push({ repo: REPO, branch: 'nofx/done', files: { 'd.txt': 'd' }, by: 'ann' });
  const { data: run } = await api().checks.create({
    ...at,
    name: 'NOFX',
    head_sha: head,
    conclusion: 'action_required',
  });
  const update = (more: object) => api().checks.update({ ...at, check_run_id: run.id, ...more });
  for (const status of ['queued', 'in_progress'] as const) {
    await expect(update({ status })).rejects.toMatchObject({ status: 422 });
  }
  expect((await update({ status: 'completed', conclusion: 'cancelled' })).data).toMatchObject({
    conclusion: 'cancelled',
  });
});
