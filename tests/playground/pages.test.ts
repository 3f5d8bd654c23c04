import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGitHub, type TestGitHub } from '../support/github.ts';

const REPO = 'octo/kit';
let github: TestGitHub;

const page = async (path: string) => {
  const response = await fetch(`${github.url}${path}`);
  return { status: response.status, text: await response.text() };
};

beforeAll(async () => {
  github = await startGitHub({ demoUser: 'ann' });
  const { installationId } = await github.createRepository({
    owner: 'octo',
    name: 'kit',
    files: { 'README.md': '# Kit\n' },
  });
  await github.openIssue({
    repo: REPO,
    title: 'Slugs <script>alert(1)</script>',
    body: 'Please & thank you',
    by: 'ann',
  });
  const { id } = await github.comment({ repo: REPO, issue: 1, body: '<!-- hidden -->/nofx go', by: 'ann' });
  const at = { owner: 'octo', repo: 'kit' };
  const { rest } = github.octokit(installationId);
  await rest.reactions.createForIssueComment({ ...at, comment_id: id, content: 'eyes' });
  const { sha } = await github.push({
    repo: REPO,
    branch: 'nofx/1',
    files: { 'slug.js': 'export const slug = "<b>";\n' },
    by: 'ann',
  });
  await rest.pulls.create({ ...at, head: 'nofx/1', base: 'main', title: 'Add slugs', body: 'Closes #1' });
  const output = { title: 'Done', summary: 'All **steps**' };
  await rest.checks.create({ ...at, name: 'NOFX', head_sha: sha, conclusion: 'success', output });
});

afterAll(() => github.stop());

test('every page says what it is', async () => {
  for (const path of ['/', `/${REPO}`, `/${REPO}/issues/1`, '/no/such/page']) {
    expect((await page(path)).text).toContain('GitHub stand-in (playground)');
  }
});

test('the issue tells its story, and nothing in it is taken for HTML', async () => {
  const { status, text } = await page(`/${REPO}/issues/1`);
  expect(status).toBe(200);
  expect(text).toContain('Slugs &lt;script&gt;');
  expect(text).toContain('Please &amp; thank you');
  expect(text).toContain('/nofx go');
  expect(text).not.toContain('hidden');
  expect(text).toContain('👀 nofx[bot]');
});

test('the pull request shows its diff and its checks, which have pages of their own', async () => {
  const { text } = await page(`/${REPO}/pull/2`);
  expect(text).toContain('+export const slug = &quot;&lt;b&gt;&quot;;');
  const link = /href="(\/octo\/kit\/runs\/\d+)">NOFX<\/a>: success/.exec(text)?.[1];
  expect((await page(link!)).text).toContain('All **steps**');
  expect((await page(`/${REPO}/issues/2`)).text).toContain('Files changed');
});

test('the repository lists issues, pull requests, branches and files', async () => {
  const { text } = await page(`/${REPO}`);
  for (const part of ['#1 Slugs', '#2 Add slugs', 'nofx/1', 'README.md', '# Kit']) expect(text).toContain(part);
  const commit = /href="(\/octo\/kit\/commit\/\w+)"/.exec(text)?.[1];
  expect((await page(commit!)).status).toBe(200);
  expect((await page(`/${REPO}/issues/99`)).status).toBe(404);
});

test('the form comments as the demo user; other sites cannot use it', async () => {
  const send = (origin: string) =>
    fetch(`${github.url}/${REPO}/issues/1`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ body: '/nofx from the form' }),
    });
  expect((await send('http://evil.example')).status).toBe(403);
  expect((await send(github.url)).status).toBe(303);
  const last = github.comments(REPO, 1).at(-1);
  expect(github.comments(REPO, 1)).toHaveLength(2);
  expect(last).toMatchObject({ body: '/nofx from the form', user: { login: 'ann' } });
});
