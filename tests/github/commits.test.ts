import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { RetryableError } from '../../src/errors.ts';
import { failure, useGitHub } from './support.ts';

const world = useGitHub();
const branch = 'nofx/1-slugs-abc';
const git = (...args: string[]) =>
  execFileSync('git', ['-C', world.standIn.gitDir(world.name), ...args], { encoding: 'utf8' }).trim();

const wanted = (more: object = {}) => ({
  branch,
  expected: world.head,
  message: 'Add slugs\n\nOne helper.\n\nNOFX-Run: run_1\n',
  additions: [{ path: 'src/slugs.js', bytes: Buffer.from('export {};\r\nüñí\n') }],
  deletions: ['README.md'],
  ...more,
});
const makeBranch = () =>
  execFileSync('git', ['-C', world.standIn.gitDir(world.name), 'update-ref', `refs/heads/${branch}`, world.head]);

it('has GitHub make a signed commit on top of the branch', async () => {
  makeBranch();
  const made = await world.github.createVerifiedCommit(world.repo, wanted());
  if ('refused' in made) throw new Error(made.refused);
  expect(await world.github.branchHead(world.repo, branch)).toBe(made.sha);
  expect(await world.github.commit(world.repo, made.sha)).toEqual({
    sha: made.sha,
    tree: made.tree,
    parents: [world.head],
    message: 'Add slugs\n\nOne helper.\n\nNOFX-Run: run_1',
  });
  expect(git('diff', '--name-status', world.head, made.sha).split('\n')).toEqual(['D\tREADME.md', 'A\tsrc/slugs.js']);
  expect(git('show', `${made.sha}:src/slugs.js`)).toBe('export {};\r\nüñí');
  expect(git('log', '-1', '--format=%an %cn', made.sha)).toBe('nofx[bot] GitHub');
  const { data } = await world.standIn
    .octokit(world.repo.installationId)
    .request('GET /repos/{owner}/{repo}/commits/{ref}', { owner: 'octo', repo: 'app', ref: made.sha });
  expect(data.commit.verification?.verified).toBe(true);
});

it('asks to look again where the branch has moved', async () => {
  makeBranch();
  await world.standIn.push({ repo: world.name, branch, files: { 'a.txt': 'a' }, by: 'alice' });
  expect(await failure(world.github.createVerifiedCommit(world.repo, wanted()))).toBeInstanceOf(RetryableError);
});

it.each([
  ['a primary limit', 'RATE_LIMIT', 'API rate limit already exceeded for installation ID 1.', 900, 840_000],
  ['one by its old name', 'RATE_LIMITED', 'API rate limit exceeded.', null, 60_000],
  ['a secondary limit', undefined, 'You have exceeded a secondary rate limit.', null, 60_000],
  ['a fault of its own', undefined, 'Something went wrong while executing your query.', null, undefined],
])('is to be asked for later where GitHub says, with status 200: %s', async (_what, type, message, reset, atLeast) => {
  makeBranch();
  const headers: Record<string, string> =
    reset === null
      ? {}
      : { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + reset) };
  world.standIn.failNext({ path: /graphql$/, status: 200, headers, body: { errors: [{ type, message }] } });
  const error = await failure(world.github.createVerifiedCommit(world.repo, wanted()));
  expect(error).toBeInstanceOf(RetryableError);
  const { retryAfterMs } = error as RetryableError;
  if (atLeast === undefined) expect(retryAfterMs).toBeUndefined();
  else expect(retryAfterMs).toBeGreaterThanOrEqual(atLeast);
});

it.each([
  ['no such branch', { branch: 'nofx/none' }, 'No ref exists'],
  ['a file that is not there', { deletions: ['none.md'] }, 'does not exist as of commit oid'],
  ['no words', { message: '\n' }, 'A commit message is required'],
  [
    'a workflow',
    { additions: [{ path: '.github/workflows/ci.yml', bytes: Buffer.from('on: push\n') }] },
    'without `workflows` permission',
  ],
])('gives the words of GitHub where it will not: %s', async (_what, more, words) => {
  makeBranch();
  const answer = await world.github.createVerifiedCommit(world.repo, wanted(more));
  expect('refused' in answer && answer.refused).toContain(words);
  expect(git('rev-parse', branch)).toBe(world.head);
});
