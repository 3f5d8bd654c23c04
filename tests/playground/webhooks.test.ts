import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Webhooks } from '@octokit/webhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGitHub, type TestGitHub } from '../support/github.ts';

const REPO = 'octo/kit';
const SECRET = 'a secret with ümlauts';

type Received = { headers: IncomingHttpHeaders; raw: string };
const received: Received[] = [];
let answerWith = 202;
const app = createServer((request, response) => {
  let raw = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (raw += chunk));
  request.on('end', () => {
    received.push({ headers: request.headers, raw });
    response.writeHead(answerWith).end('thanks');
  });
});

let github: TestGitHub;
let installationId: number;

beforeAll(async () => {
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/api/github/webhooks`;
  github = await startGitHub({ webhook: { url, secret: SECRET } });
  const repo = { owner: 'octo', ownerType: 'Organization' as const, name: 'kit', files: { 'a.txt': 'a\n' } };
  installationId = (await github.createRepository(repo)).installationId!;
});

afterAll(async () => {
  await github.stop();
  app.close();
});

test('a comment arrives signed, with the headers that GitHub sends', async () => {
  const { number } = await github.openIssue({ repo: REPO, title: 'Slugs — ü', body: '', by: 'ann' });
  const { id } = await github.comment({ repo: REPO, issue: number, body: '/nofx add slugs 🐌', by: 'ann' });
  const last = received.at(-1)!;
  const isSignedWith = (secret: string) =>
    new Webhooks({ secret }).verify(last.raw, String(last.headers['x-hub-signature-256']));
  expect(await isSignedWith(SECRET)).toBe(true);
  expect(await isSignedWith('another')).toBe(false);
  expect(last.headers).toMatchObject({
    'x-github-event': 'issue_comment',
    'x-github-delivery': expect.stringMatching(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/) as string,
    'x-github-hook-installation-target-type': 'integration',
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^GitHub-Hookshot\//) as string,
  });
  expect(JSON.parse(last.raw)).toMatchObject({
    action: 'created',
    comment: { id, body: '/nofx add slugs 🐌', user: { login: 'ann' } },
    issue: { number, title: 'Slugs — ü' },
    repository: { full_name: REPO },
    organization: { login: 'octo' },
    sender: { login: 'ann', type: 'User' },
    installation: { id: installationId },
  });
});

test("what the app does comes back to it, in the app's name", async () => {
  const { rest } = github.octokit(installationId);
  await rest.issues.createComment({ owner: 'octo', repo: 'kit', issue_number: 1, body: 'working' });
  await github.settled();
  expect(JSON.parse(received.at(-1)!.raw)).toMatchObject({
    action: 'created',
    sender: { login: 'nofx[bot]', type: 'Bot' },
  });
});

test('labels, pushes, pull requests, checks and their buttons', async () => {
  const { rest } = github.octokit(installationId);
  const at = { owner: 'octo', repo: 'kit' };
  github.setCollaborator(REPO, 'rev', 'read');
  github.addTeam('octo/crew', { repositories: { [REPO]: 'read' } });
  const from = received.length;
  await github.label({ repo: REPO, issue: 1, name: 'nofx', by: 'ann' });
  await github.unlabel({ repo: REPO, issue: 1, name: 'nofx', by: 'ann' });
  await github.close({ repo: REPO, issue: 1, by: 'ann' });
  const { sha } = await github.push({ repo: REPO, branch: 'nofx/1', files: { 'b.txt': 'b\n' }, by: 'ann' });
  const pull = (await rest.pulls.create({ ...at, head: 'nofx/1', base: 'main', title: 'B' })).data;
  await rest.pulls.requestReviewers({ ...at, pull_number: pull.number, reviewers: ['rev'], team_reviewers: ['crew'] });
  const check = { ...at, name: 'NOFX', head_sha: sha };
  const run = (await rest.checks.create({ ...check, status: 'in_progress' })).data;
  const actions = [{ label: 'Retry', description: 'Run it again', identifier: 'retry' }];
  await rest.checks.update({ ...at, check_run_id: run.id, status: 'completed', conclusion: 'success', actions });
  await github.requestAction({ checkRun: run.id, identifier: 'retry', by: 'ann' });
  await github.rerequest({ checkRun: run.id, by: 'ann' });
  await github.push({ repo: REPO, branch: 'nofx/1', files: { 'c.txt': 'c\n' }, by: 'ann' });
  await github.review({
    repo: REPO,
    pull: pull.number,
    state: 'CHANGES_REQUESTED',
    comments: [{ path: 'c.txt', line: 1, body: 'No.' }],
    by: 'ann',
  });
  await github.editPull({ repo: REPO, pull: pull.number, body: 'Otherwise.', by: 'ann' });
  await github.queue({ repo: REPO, branch: 'nofx/1', by: 'ann' });
  await rest.pulls.update({ ...at, pull_number: pull.number, state: 'closed' });
  await github.ping();
  await github.settled();
  const names = received.slice(from).map(({ headers, raw }) => {
    const { action } = JSON.parse(raw) as { action?: string };
    return [headers['x-github-event'], action].filter(Boolean).join('.');
  });
  expect(names.toSorted((a, b) => a.localeCompare(b))).toEqual([
    'check_run.completed',
    'check_run.created',
    'check_run.requested_action',
    'check_run.rerequested',
    'check_suite.requested',
    'check_suite.requested',
    'issues.closed',
    'issues.labeled',
    'issues.unlabeled',
    'merge_group.checks_requested',
    'ping',
    'pull_request_review_comment.created',
    'pull_request_review.submitted',
    'pull_request.closed',
    'pull_request.edited',
    'pull_request.opened',
    'pull_request.review_requested',
    'pull_request.review_requested',
    'pull_request.synchronize',
    'push',
    'push',
  ]);
  const push = received.find(({ headers }) => headers['x-github-event'] === 'push')!;
  expect(JSON.parse(push.raw)).toMatchObject({
    ref: 'refs/heads/nofx/1',
    after: sha,
    commits: [{ id: sha, added: ['b.txt'] }],
  });
});

test('a delivery that failed is sent again with the same GUID and bytes', async () => {
  answerWith = 503;
  await github.openIssue({ repo: REPO, title: 'Lost', by: 'ann' });
  const failed = github.deliveries()[0]!;
  expect(failed).toMatchObject({ status: 'Invalid HTTP Response: 503', statusCode: 503, event: 'issues' });
  answerWith = 202;
  await github.octokit().rest.apps.redeliverWebhookDelivery({ delivery_id: failed.id });
  await github.settled();
  expect(github.deliveries()[0]).toMatchObject({ status: 'OK', statusCode: 202, guid: failed.guid, redelivery: true });
  const [before, after] = received.slice(-2);
  expect(after!.raw).toBe(before!.raw);
  expect(after!.headers['x-github-delivery']).toBe(before!.headers['x-github-delivery']);
});

test('nothing is sent where the app is not installed, or for events it does not ask for', async () => {
  const from = received.length;
  await github.createRepository({ owner: 'other', name: 'alien', files: { a: 'a' }, installed: false });
  await github.openIssue({ repo: 'other/alien', title: 'Not ours', by: 'ann' });
  expect(received).toHaveLength(from);
});

test('the rest of what may arrive', async () => {
  const { id } = await github.comment({ repo: REPO, issue: 1, body: 'typo', by: 'ann' });
  await github.editComment({ id, body: 'mended', by: 'ann' });
  await github.octokit(installationId).rest.issues.deleteComment({ owner: 'octo', repo: 'kit', comment_id: id });
  await github.reopen({ repo: REPO, issue: 1, by: 'ann' });
  await github.label({ repo: REPO, issue: 2, name: 'nofx', by: 'ann' });
  await github.merge({ repo: REPO, pull: 2, by: 'ann' });
  await github.createRepository({ owner: 'octo', name: 'second' });
  await github.suspend('octo');
  await github.createRepository({ owner: 'bob', name: 'solo', files: { a: 'a' } });
  await github.uninstall('bob');
  await github.settled();
  expect(github.deliveries().map(({ event, action }) => `${event}.${action}`)).toEqual(
    expect.arrayContaining([
      'issue_comment.edited',
      'issue_comment.deleted',
      'issues.reopened',
      'pull_request.labeled',
      'installation_repositories.added',
      'installation.suspend',
      'installation.deleted',
    ]),
  );
});

test("every payload is as GitHub's description has it", () => {
  const sent = new Set(github.deliveries().map(({ event, action }) => [event, action].filter(Boolean).join('.')));
  expect(sent.size).toBeGreaterThan(14);
  expect(github.webhookProblems()).toEqual([]);
  expect(github.problems).toEqual([]);
});
