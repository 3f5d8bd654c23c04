import { expect, it } from 'vitest';
import { adapterFor, failure, useGitHub } from './support.ts';

const world = useGitHub();

async function openPull(): Promise<number> {
  const { github, repo, standIn, name } = world;
  const head = 'nofx/1-slugs-abc';
  standIn.setCollaborator(name, 'rita', 'read');
  await standIn.push({ repo: name, branch: head, files: { 'slug.js': 'x' }, by: 'alice' });
  const { number } = await github.upsertPullRequest(repo, { head, base: 'main', title: 'Slugs', body: '' });
  return number;
}

const nothing = { labels: [], assignees: [], reviewers: [] };

it('labels, assigns and asks for reviews, and does it once however often it is done', async () => {
  const { github, repo, standIn, name } = world;
  const number = await openPull();
  standIn.addTeam('octo/leads', { repositories: { [name]: 'write' } });
  const wanted = { number, labels: ['a', 'b'], assignees: ['Alice'], reviewers: ['rita', 'octo/leads'] };
  expect(await github.triage(repo, wanted)).toEqual([]);
  expect(await adapterFor(standIn).triage(repo, wanted)).toEqual([]);
  expect(standIn.pullRequests(name)).toMatchObject([
    {
      labels: [{ name: 'a' }, { name: 'b' }],
      assignees: [{ login: 'alice' }],
      requested_reviewers: [{ login: 'rita' }],
      requested_teams: [{ slug: 'leads' }],
    },
  ]);
});

it('asks GitHub nothing where nothing is wanted', async () => {
  const { github, repo, standIn } = world;
  const number = await openPull();
  const before = standIn.requests().length;
  expect(await github.triage(repo, { number, ...nothing })).toEqual([]);
  expect(standIn.requests()).toHaveLength(before);
});

it('leaves out whom GitHub refuses, and says why', async () => {
  const { github, repo, standIn, name } = world;
  const number = await openPull();
  const reviewers = ['nobody', 'rita', 'octo/none'];
  expect(await github.triage(repo, { ...nothing, number, reviewers, assignees: ['stranger', 'alice'] })).toEqual([
    'stranger could not be assigned: they have no access to the repository.',
    'nobody could not be asked for a review: they have no access to the repository.',
    'octo/none could not be asked for a review: the team has no access to the repository, or the app lacks the permission to read members.',
  ]);
  expect(standIn.pullRequests(name)).toMatchObject([
    { assignees: [{ login: 'alice' }], requested_reviewers: [{ login: 'rita' }] },
  ]);
});

it('says so where the app may not read teams', async () => {
  const { repo, standIn, name } = world;
  const number = await openPull();
  standIn.addTeam('octo/leads', { repositories: { [name]: 'write' } });
  standIn.setPermissions('octo', { metadata: 'read', pull_requests: 'write', contents: 'write' });
  standIn.expireTokens();
  const [problem] = await adapterFor(standIn).triage(repo, { ...nothing, number, reviewers: ['octo/leads'] });
  expect(problem).toContain('lacks the permission to read members');
});

it('fails like every call where GitHub is at fault', async () => {
  const { github, repo, standIn } = world;
  const number = await openPull();
  standIn.failNext({ method: 'POST', path: /requested_reviewers$/, status: 429, times: 1 });
  expect(await failure(github.triage(repo, { ...nothing, number, reviewers: ['rita'] }))).toMatchObject({
    name: 'RetryableError',
  });
});
