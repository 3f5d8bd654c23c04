import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { adapterFor, useGitHub } from './support.ts';

const world = useGitHub();
const branch = 'nofx/1-slugs-abc';
const marker = () => ({
  branch,
  base: world.head,
  message: 'NOFX is working on #1 [skip ci]\n\nNOFX-Run: run_1\n',
  author: { name: 'nofx[bot]', email: '1+nofx[bot]@users.noreply.github.com' },
  date: new Date('2026-01-01T00:00:00Z'),
});
const git = (...args: string[]) =>
  execFileSync('git', ['-C', world.standIn.gitDir(world.name), ...args], { encoding: 'utf8' }).trim();

it('marks a branch with a commit that changes nothing', async () => {
  const { github, repo, head } = world;
  expect(await github.branchHead(repo, branch)).toBeNull();
  const { sha } = await github.createMarker(repo, marker());
  expect(await github.branchHead(repo, branch)).toBe(sha);
  expect(git('log', '-1', '--format=%P %an %ae %cn %at %ct %s', sha)).toBe(
    `${head} nofx[bot] 1+nofx[bot]@users.noreply.github.com nofx[bot] 1767225600 1767225600 NOFX is working on #1 [skip ci]`,
  );
  expect(git('rev-parse', `${sha}^{tree}`)).toBe(git('rev-parse', `${head}^{tree}`));
});

it('does it once however often it is asked, also after a restart', async () => {
  const { github, repo, standIn } = world;
  const first = await github.createMarker(repo, marker());
  expect(await github.createMarker(repo, marker())).toEqual(first);
  expect(await adapterFor(standIn).createMarker(repo, marker())).toEqual(first);
});

it('finds what is there by reading alone', async () => {
  const { github, repo, standIn } = world;
  const { sha } = await github.createMarker(repo, marker());
  const before = standIn.requests().length;
  expect(await github.createMarker(repo, marker())).toEqual({ sha });
  expect(
    standIn
      .requests()
      .slice(before)
      .filter(({ method }) => method !== 'GET'),
  ).toEqual([]);
});

it.each([/\/git\/commits$/, /\/git\/refs$/])('does it once when an answer of %s is lost', async (path) => {
  const { github, repo, standIn } = world;
  standIn.failNext({ method: 'POST', path, status: 502, afterEffect: true });
  const { sha } = await github.createMarker(repo, marker());
  expect(await github.branchHead(repo, branch)).toBe(sha);
});

it('leaves a branch alone that is ahead already', async () => {
  const { github, repo, standIn, name } = world;
  const { sha } = await github.createMarker(repo, marker());
  const ahead = await standIn.push({ repo: name, branch, files: { 'a.txt': 'a' }, by: 'alice' });
  expect(await github.createMarker(repo, marker())).toEqual({ sha });
  expect(await github.branchHead(repo, branch)).toBe(ahead.sha);
});

it('never touches the default branch', async () => {
  await world.github.createMarker(world.repo, marker());
  expect(await world.github.branchHead(world.repo, 'main')).toBe(world.head);
});
