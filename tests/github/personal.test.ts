import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createGitHub, personalOctokit } from '../../src/github/index.ts';
import { UserError } from '../../src/errors.ts';
import { failure, useGitHub } from './support.ts';

const world = useGitHub();

const byToken = (token: string) =>
  createGitHub({
    octokitFor: () => Promise.reject(new Error('The app has no business here.')),
    octokitBy: async () => personalOctokit(token, { baseUrl: world.standIn.apiUrl }),
    log: pino({ level: 'silent' }),
    writeIntervalMs: 0,
    settleMs: [0],
  });
const there = { owner: 'octo', name: 'app' };

it('enters a repository by a personal token, as whoever it is of', async () => {
  const github = byToken(world.standIn.createToken('alice'));
  const repositoryId = await github.repositoryId({ tokenEnv: 'GIT_TOKEN' }, there);
  expect(repositoryId).toBe(world.repo.repositoryId);
  const ref = { tokenEnv: 'GIT_TOKEN', repositoryId, ...there };
  expect(await github.repository(ref)).toMatchObject({ ...there, defaultBranch: 'main', defaultHead: world.head });
  expect(await github.permission(ref, 'octo')).toBe('admin');
  await world.standIn.push({ repo: world.name, branch: 'nofx/1', files: { 'a.txt': 'a\n' }, by: 'alice' });
  const pull = { head: 'nofx/1', base: 'main', title: 'Add a', body: 'A.' };
  const { number } = await github.upsertPullRequest(ref, pull);
  expect(await github.upsertPullRequest(ref, pull)).toMatchObject({ number, created: false });
  expect(world.standIn.pullRequests(world.name)[0]).toMatchObject({ number, user: { login: 'alice' } });
});

it('tells what is refused of the token, by the name of its variable', async () => {
  const { standIn, repo } = world;
  const ref = { tokenEnv: 'GITHUB_TOKEN', repositoryId: repo.repositoryId, ...there };
  const token = standIn.createToken('reader');
  const reads = byToken(token);
  const refused = await failure(reads.permission(ref, 'alice'));
  expect(refused).toBeInstanceOf(UserError);
  expect(refused.message).toBe('GitHub has no such thing, or the token in GITHUB_TOKEN may not do that.');
  standIn.revokeToken(token);
  expect((await failure(reads.branchHead(ref, 'main'))).message).toMatch(/does not accept the token/);
});
