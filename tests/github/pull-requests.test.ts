import { beforeEach, expect, it } from 'vitest';
import { RetryableError, UserError } from '../../src/errors.ts';
import { adapterFor, failure, useGitHub } from './support.ts';

const world = useGitHub();
const head = 'nofx/1-slugs-abc';
const wanted = { head, base: 'main', title: 'Slugs', body: 'Closes #1' };
const posts = () =>
  world.standIn.requests().filter((each) => each.method === 'POST' && each.path.endsWith('/pulls')).length;

beforeEach(async () => {
  await world.standIn.push({ repo: world.name, branch: head, files: { 'slug.js': 'x' }, by: 'alice' });
});

it('opens one pull request and finds it again', async () => {
  const { github, repo, standIn, name } = world;
  const first = await github.upsertPullRequest(repo, wanted);
  expect(first).toMatchObject({
    created: true,
    url: expect.stringMatching(new RegExp(`/octo/app/pull/${first.number}$`)),
  });
  expect(await adapterFor(standIn).upsertPullRequest(repo, { ...wanted, title: 'Other' })).toEqual({
    ...first,
    created: false,
  });
  expect(standIn.pullRequests(name)).toMatchObject([
    {
      number: first.number,
      title: 'Slugs',
      body: 'Closes #1',
      draft: false,
      head: { ref: head },
      base: { ref: 'main' },
    },
  ]);
});

it('opens a draft', async () => {
  await world.github.upsertPullRequest(world.repo, { ...wanted, draft: true });
  expect(world.standIn.pullRequests(world.name)).toMatchObject([{ draft: true }]);
});

it('is not confused by other pull requests', async () => {
  const { github, repo, standIn, name } = world;
  await standIn.push({ repo: name, branch: 'nofx/2-other-def', files: { 'other.js': 'y' }, by: 'alice' });
  const other = await github.upsertPullRequest(repo, { ...wanted, head: 'nofx/2-other-def' });
  const ours = await github.upsertPullRequest(repo, wanted);
  expect(ours.created).toBe(true);
  expect(ours.number).not.toBe(other.number);
  const asked = standIn.requests().filter((each) => each.method === 'GET' && each.path.endsWith('/pulls'));
  for (const { query } of asked) expect(query['head']).toMatch(/^octo:nofx\//);
});

it('leaves a closed one closed, and opens no second', async () => {
  const { github, repo, standIn, name } = world;
  const { number } = await github.upsertPullRequest(repo, wanted);
  await standIn.close({ repo: name, issue: number, by: 'alice' });
  expect(await github.upsertPullRequest(repo, wanted)).toMatchObject({ number, created: false });
});

it.each([502, 0])('opens one when the answer is lost (%s)', async (status) => {
  const { github, repo, standIn, name } = world;
  standIn.failNext({ method: 'POST', path: /\/pulls$/, status, afterEffect: true });
  expect(await github.upsertPullRequest(repo, wanted)).toMatchObject({ created: true });
  expect(standIn.pullRequests(name)).toHaveLength(1);
  expect(posts()).toBe(1);
});

it('adopts one that appeared between the look and the opening', async () => {
  const { github, repo, standIn, name } = world;
  // The list is asked for first; an empty answer stands for the moment before somebody else opened it.
  const { number } = await github.upsertPullRequest(repo, wanted);
  standIn.failNext({ method: 'GET', path: /\/pulls$/, status: 200, body: [] });
  expect(await github.upsertPullRequest(repo, wanted)).toMatchObject({ number, created: false });
  expect(posts()).toBe(2);
  expect(standIn.pullRequests(name)).toHaveLength(1);
});

it('opens none twice by itself after a 502 without effect', async () => {
  const { github, repo, standIn } = world;
  standIn.failNext({ method: 'POST', path: /\/pulls$/, status: 502 });
  expect(await failure(github.upsertPullRequest(repo, wanted))).toBeInstanceOf(RetryableError);
  expect(posts()).toBe(1);
});

it('says so when there is nothing to review', async () => {
  const { github, repo, head: sha } = world;
  await github.createMarker(repo, {
    branch: 'nofx/same',
    base: sha,
    message: 'x',
    author: { name: 'nofx[bot]', email: 'n@x' },
    date: new Date(0),
  });
  const { standIn, name } = world;
  const tip = (await standIn.branches(name))['main'];
  expect(tip).toBe(sha);
  standIn.failNext({
    method: 'POST',
    path: /\/pulls$/,
    status: 422,
    body: { message: 'Validation Failed', errors: [{ message: 'No commits between main and nofx/same' }] },
  });
  expect(await failure(github.upsertPullRequest(repo, { ...wanted, head: 'nofx/same' }))).toBeInstanceOf(UserError);
});

it('opens it without draft where drafts are not to be had', async () => {
  const { github, repo, standIn, name } = world;
  standIn.failNext({
    method: 'POST',
    path: /\/pulls$/,
    status: 422,
    body: { message: 'Draft pull requests are not supported in this repository.' },
  });
  await github.upsertPullRequest(repo, { ...wanted, draft: true });
  expect(standIn.pullRequests(name)).toMatchObject([{ draft: false }]);
});
