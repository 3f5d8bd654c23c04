import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAppFromManifest } from '../../src/github/index.ts';
import { startGitHub, type TestGitHub } from '../support/github.ts';
import { at, REPO, testPullRequests, type Rest } from './rest-pull-requests.ts';

let github: TestGitHub;
let installationId: number;
let api: Rest;
let app: Rest;

beforeAll(async () => {
  github = await startGitHub();
  const created = await github.createRepository({
    owner: 'octo',
    ownerType: 'Organization',
    name: 'kit',
    private: true,
    files: { 'README.md': '# Kit\n', 'src/index.js': 'export const one = 1;\n', 'naïve file.txt': 'ü\n' },
    collaborators: { ann: 'write', tim: 'triage', mia: 'maintain', root: 'admin' },
  });
  installationId = created.installationId!;
  app = github.octokit().rest;
  api = github.octokit(installationId).rest;
});

afterAll(() => github.stop());

test('the app finds itself, its installations and their repositories', async () => {
  expect((await app.apps.getAuthenticated()).data).toMatchObject({ slug: 'nofx', id: github.app.id });
  expect((await app.apps.listInstallations()).data.map(({ id }) => id)).toEqual([installationId]);
  expect((await app.apps.getInstallation({ installation_id: installationId })).data.account).toMatchObject({
    login: 'octo',
  });
  expect((await app.apps.getRepoInstallation(at)).data.id).toBe(installationId);
  expect((await api.apps.listReposAccessibleToInstallation()).data.repositories[0]?.full_name).toBe(REPO);
  expect((await api.repos.get(at)).data).toMatchObject({ default_branch: 'main', private: true });
  expect((await api.users.getByUsername({ username: 'nofx[bot]' })).data).toMatchObject({
    login: 'nofx[bot]',
    type: 'Bot',
  });
  expect((await api.rateLimit.get()).data.rate.limit).toBeGreaterThan(0);
});

test('what a person may do', async () => {
  github.addUser('eve');
  const roles = { root: 'admin', mia: 'maintain', ann: 'write', tim: 'triage', eve: 'none' };
  const permissions = { root: 'admin', mia: 'write', ann: 'write', tim: 'read', eve: 'none' };
  for (const username of Object.keys(roles) as (keyof typeof roles)[]) {
    const { data } = await api.repos.getCollaboratorPermissionLevel({ ...at, username });
    expect(data).toMatchObject({ permission: permissions[username], role_name: roles[username] });
  }
  const nobody = api.repos.getCollaboratorPermissionLevel({ ...at, username: 'nobody' });
  await expect(nobody).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('is not a user') as string,
  });
});

test('a token can be narrowed to a repository and to fewer permissions', async () => {
  const repositoryId = (await api.repos.get(at)).data.id;
  const { data } = await app.apps.createInstallationAccessToken({
    installation_id: installationId,
    repository_ids: [repositoryId],
    permissions: { contents: 'write' },
  });
  expect(data.token).toMatch(new RegExp(`^ghs_${github.app.id}_[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
  expect(data.token.length).toBeGreaterThan(500);
  expect(data.permissions).toEqual({ metadata: 'read', contents: 'write' });
  expect(data.repositories?.map(({ id }) => id)).toEqual([repositoryId]);
  const asked = () =>
    fetch(`${github.apiUrl}/repos/${REPO}/issues`, { headers: { authorization: `token ${data.token}` } });
  expect((await asked()).status).toBe(403);
  await fetch(`${github.apiUrl}/installation/token`, {
    method: 'DELETE',
    headers: { authorization: `token ${data.token}` },
  });
  expect((await asked()).status).toBe(401);
});

test('files are read as JSON, raw, and as a list; what is not there is 404', async () => {
  const file = (await api.repos.getContent({ ...at, path: 'naïve file.txt', ref: 'main' })).data;
  expect(file).toMatchObject({ type: 'file', path: 'naïve file.txt', encoding: 'base64', content: 'w7wK\n' });
  const raw = await api.repos.getContent({ ...at, path: 'README.md', mediaType: { format: 'raw' } });
  expect(raw.data).toBe('# Kit\n');
  const folder = (await api.repos.getContent({ ...at, path: 'src' })).data;
  expect(folder).toMatchObject([{ path: 'src/index.js', type: 'file' }]);
  await expect(api.repos.getContent({ ...at, path: 'nothing.yml' })).rejects.toMatchObject({ status: 404 });
});

test('commits made over REST are git objects with a SHA that depends on nothing else', async () => {
  const base = (await api.git.getRef({ ...at, ref: 'heads/main' })).data.object.sha;
  const { tree } = (await api.git.getCommit({ ...at, commit_sha: base })).data;
  const author = { name: 'nofx[bot]', email: '1+nofx[bot]@users.noreply.localhost', date: '2026-01-02T03:04:05Z' };
  const commit = { ...at, message: 'Begin\n\n[skip ci]', tree: tree.sha, parents: [base], author, committer: author };
  const first = (await api.git.createCommit(commit)).data;
  const second = (await api.git.createCommit(commit)).data;
  expect(second.sha).toBe(first.sha);
  expect(first).toMatchObject({ message: 'Begin\n\n[skip ci]', author, parents: [{ sha: base }] });

  const ref = { ...at, ref: 'refs/heads/nofx/a-b', sha: first.sha };
  expect((await api.git.createRef(ref)).data.object.sha).toBe(first.sha);
  await expect(api.git.createRef(ref)).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('Reference already exists') as string,
  });
  expect(await github.branches(REPO)).toMatchObject({ 'nofx/a-b': first.sha });
  expect((await api.repos.getBranch({ ...at, branch: 'nofx/a-b' })).data.commit.sha).toBe(first.sha);
  expect((await api.repos.listBranches(at)).data.map(({ name }) => name)).toEqual(['main', 'nofx/a-b']);
  expect((await api.repos.getCommit({ ...at, ref: 'nofx/a-b' })).data.parents[0]?.sha).toBe(base);
  expect((await api.git.listMatchingRefs({ ...at, ref: 'heads/nofx/' })).data).toHaveLength(1);

  const blob = (
    await api.git.createBlob({ ...at, content: Buffer.from([0, 255]).toString('base64'), encoding: 'base64' })
  ).data;
  expect((await api.git.getBlob({ ...at, file_sha: blob.sha })).data.content).toBe('AP8=');
  const made = (
    await api.git.createTree({
      ...at,
      base_tree: tree.sha,
      tree: [
        { path: 'bin.dat', mode: '100644', type: 'blob', sha: blob.sha },
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
        { path: 'new/file.txt', mode: '100755', type: 'blob', content: 'new\n' },
      ],
    })
  ).data;
  const listed = (await api.git.getTree({ ...at, tree_sha: made.sha, recursive: '1' })).data.tree;
  expect(listed.map(({ path, mode }) => `${mode} ${path}`)).toEqual([
    '100644 bin.dat',
    '100644 naïve file.txt',
    '040000 new',
    '100755 new/file.txt',
    '040000 src',
    '100644 src/index.js',
  ]);

  const next = (await api.git.createCommit({ ...commit, tree: made.sha, parents: [first.sha] })).data;
  await api.git.updateRef({ ...at, ref: 'heads/nofx/a-b', sha: next.sha });
  await expect(api.git.updateRef({ ...at, ref: 'heads/nofx/a-b', sha: first.sha })).rejects.toMatchObject({
    status: 422,
  });
  await api.git.updateRef({ ...at, ref: 'heads/nofx/a-b', sha: first.sha, force: true });
  await api.git.deleteRef({ ...at, ref: 'heads/nofx/a-b' });
  expect(await github.branches(REPO)).not.toHaveProperty('nofx/a-b');
  await expect(api.git.getRef({ ...at, ref: 'heads/nofx/a-b' })).rejects.toMatchObject({ status: 404 });
});

test('issues, comments, reactions and labels', async () => {
  const { number } = await github.openIssue({ repo: REPO, title: 'Slugs', body: 'Please.', by: 'ann' });
  const issue = { ...at, issue_number: number };
  expect((await api.issues.get(issue)).data).toMatchObject({
    title: 'Slugs',
    user: { login: 'ann' },
    author_association: 'COLLABORATOR',
  });
  expect((await api.issues.listForRepo(at)).data).toHaveLength(1);
  expect((await api.issues.create({ ...at, title: 'Mine', labels: ['later'] })).data.user).toMatchObject({
    login: 'nofx[bot]',
  });

  for (let n = 1; n <= 5; n++) await github.comment({ repo: REPO, issue: number, body: `comment ${n}`, by: 'ann' });
  const mine = (await api.issues.createComment({ ...issue, body: '<!-- marker -->' })).data;
  const octokit = github.octokit(installationId);
  const all = await octokit.paginate(octokit.rest.issues.listComments, { ...issue, per_page: 2 });
  expect(all.map(({ body }) => body)).toEqual([
    'comment 1',
    'comment 2',
    'comment 3',
    'comment 4',
    'comment 5',
    '<!-- marker -->',
  ]);
  await api.issues.updateComment({ ...at, comment_id: mine.id, body: 'edited' });
  expect((await api.issues.getComment({ ...at, comment_id: mine.id })).data.body).toBe('edited');

  const onComment = { ...at, comment_id: all[0]!.id };
  expect((await api.reactions.createForIssueComment({ ...onComment, content: 'eyes' })).status).toBe(201);
  const again = await api.reactions.createForIssueComment({ ...onComment, content: 'eyes' });
  expect(again.status).toBe(200);
  expect((await api.reactions.listForIssueComment({ ...onComment, content: 'eyes' })).data).toHaveLength(1);
  expect(github.reactions({ comment: all[0]!.id })).toEqual([{ by: 'nofx[bot]', content: 'eyes' }]);
  await api.reactions.deleteForIssueComment({ ...onComment, reaction_id: again.data.id });
  expect(github.reactions({ comment: all[0]!.id })).toEqual([]);

  const rocket = (await api.reactions.createForIssue({ ...issue, content: 'rocket' })).data;
  expect((await api.reactions.listForIssue(issue)).data).toHaveLength(1);
  expect((await api.issues.get(issue)).data.reactions).toMatchObject({ rocket: 1, total_count: 1 });
  await api.reactions.deleteForIssue({ ...issue, reaction_id: rocket.id });

  expect((await api.issues.addLabels({ ...issue, labels: ['nofx', 'bug'] })).data.map(({ name }) => name)).toEqual([
    'nofx',
    'bug',
  ]);
  expect((await api.issues.listLabelsOnIssue(issue)).data).toHaveLength(2);
  expect((await api.issues.listLabelsForRepo(at)).data.map(({ name }) => name)).toContain('nofx');
  expect((await api.issues.removeLabel({ ...issue, name: 'bug' })).data).toHaveLength(1);
  await expect(api.issues.removeLabel({ ...issue, name: 'bug' })).rejects.toMatchObject({ status: 404 });
  await api.issues.deleteComment({ ...at, comment_id: mine.id });
  await expect(api.issues.getComment({ ...at, comment_id: mine.id })).rejects.toMatchObject({ status: 404 });
  expect((await api.issues.update({ ...issue, state: 'closed' })).data).toMatchObject({
    state: 'closed',
    state_reason: 'completed',
  });
});

testPullRequests(() => ({ github, api }));

test('who is in a team', async () => {
  github.addTeam('octo/leads', { members: ['ann'] });
  const ask = (username: string) =>
    github.octokit(installationId).rest.teams.getMembershipForUserInOrg({ org: 'octo', team_slug: 'leads', username });
  expect((await ask('ann')).data).toMatchObject({ state: 'active', role: 'member' });
  await expect(ask('bob')).rejects.toMatchObject({ status: 404 });
});

test('the log of deliveries', async () => {
  // Nothing listens there: the deliveries fail, and stay in the log.
  github.setWebhook({ url: 'http://127.0.0.1:9/hook', secret: 's' });
  for (let n = 0; n < 3; n++) await github.openIssue({ repo: REPO, title: `issue ${n}`, by: 'ann' });
  const octokit = github.octokit();
  const all = await octokit.paginate(octokit.rest.apps.listWebhookDeliveries, { per_page: 2 });
  expect(all).toHaveLength(3);
  expect(all[0]).toMatchObject({
    status: 'failed to connect to host',
    event: 'issues',
    action: 'opened',
    redelivery: false,
  });
  const one = (await app.apps.getWebhookDelivery({ delivery_id: all[0]!.id })).data;
  expect(one.request.payload).toMatchObject({ action: 'opened' });
  expect((await app.apps.redeliverWebhookDelivery({ delivery_id: all[0]!.id })).status).toBe(202);
  await github.settled();
  expect(github.deliveries()[0]).toMatchObject({ guid: all[0]!.guid, redelivery: true });
  github.setWebhook(null);
});

test('an app is registered from a manifest, by a code that is good once', async () => {
  const manifest = JSON.stringify({
    name: 'Ours',
    redirect_url: 'http://127.0.0.1:9/created',
    hook_attributes: { url: 'http://127.0.0.1:9/hook' },
    default_permissions: { contents: 'read' },
    default_events: ['push'],
  });
  const send = (path: string, fields: Record<string, string>) =>
    fetch(github.url + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  expect(await (await send('/settings/apps/new?state=s', { manifest })).text()).toContain('Create GitHub App for');
  expect((await send('/settings/apps/new', { manifest: '{}' })).status).toBe(400);
  const agreed = await send('/settings/apps?state=s', { manifest, name: 'Mine', owner: 'octo' });
  const back = new URL(agreed.headers.get('location')!);
  expect([back.origin, back.pathname, back.searchParams.get('state')]).toEqual(['http://127.0.0.1:9', '/created', 's']);
  const code = back.searchParams.get('code')!;
  const made = await createAppFromManifest(code, github);
  expect(made).toMatchObject({ appId: github.app.id, name: 'Mine', privateKey: github.app.privateKey });
  expect((await app.apps.getAuthenticated()).data?.permissions).toEqual({ contents: 'read' });
  await expect(createAppFromManifest(code, github)).rejects.toMatchObject({
    name: 'UserError',
    next: expect.any(String) as string,
  });
});

// The tests above are the requests; these two look at all of them.
test('every operation that NOFX may use was answered', () => {
  const fixture = JSON.parse(readFileSync(new URL('../fixtures/github-openapi.json', import.meta.url), 'utf8')) as {
    operations: object;
  };
  expect(Object.keys(fixture.operations).filter((operation) => !github.answered.has(operation))).toEqual([]);
});

test("every request and every answer is as GitHub's description has it", () => {
  expect(github.problems).toEqual([]);
});
