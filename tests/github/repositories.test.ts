import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { failure, useGitHub } from './support.ts';

const world = useGitHub();

it('describes the repository', async () => {
  const { github, repo, standIn, head } = world;
  expect(await github.repository(repo)).toEqual({
    owner: 'octo',
    name: 'app',
    defaultBranch: 'main',
    defaultHead: head,
    cloneUrl: `${standIn.url}/octo/app.git`,
    htmlUrl: `${standIn.url}/octo/app`,
    private: false,
  });
});

it('finds it under its new name', async () => {
  world.standIn.rename(world.name, { name: 'application' });
  expect(await world.github.repository(world.repo)).toMatchObject({ owner: 'octo', name: 'application' });
});

it.each([
  ['archived', async () => world.standIn.configure(world.name, { archived: true }), /archived/, /Unarchive/],
  ['deleted', async () => world.standIn.deleteRepository(world.name), /gone/, /Install the app/],
  ['suspended', async () => world.standIn.suspend('octo'), /suspended/, /unsuspend/],
  ['uninstalled', async () => world.standIn.uninstall('octo'), /no such thing|gone/, /installed|Install/],
])('says what to do when it is %s', async (_, happen, message, next) => {
  await happen();
  const error = await failure(world.github.repository(world.repo));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toMatch(message);
  expect((error as UserError).next).toMatch(next);
});

it('says what to do when it is empty', async () => {
  const empty = await world.standIn.createRepository({ owner: 'octo', name: 'empty' });
  const repo = { ...world.repo, repositoryId: empty.id, name: 'empty' };
  const error = await failure(world.github.repository(repo));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toMatch(/is empty/);
  expect(await world.github.branchHead(repo, 'main')).toBeNull();
});

it('reads a text file at a ref', async () => {
  const { github, repo, head } = world;
  expect(await github.readFile(repo, '.github/nofx.yml', head)).toBe('gates:\n  test: npm test\n');
  expect(await github.readFile(repo, '.github/nofx.yml', 'main')).toBe('gates:\n  test: npm test\n');
  for (const path of ['missing.txt', '.github', 'README.md/x'])
    expect(await github.readFile(repo, path, head)).toBeNull();
  expect(await github.readFile(repo, 'README.md', '0'.repeat(40))).toBeNull();
});

it('gives a git token for this repository and its contents alone', async () => {
  const { github, repo, standIn } = world;
  await standIn.createRepository({ owner: 'octo', name: 'secret', private: true, files: { a: 'a' } });
  const [first, second] = [await github.gitToken(repo), await github.gitToken(repo)];
  expect(first).not.toBe(second);

  const asked = standIn
    .requests()
    .filter((each) => each.path.endsWith('access_tokens'))
    .at(-1)!;
  expect(asked.body).toEqual({ repository_ids: [repo.repositoryId], permissions: { contents: 'write' } });

  const answers = await Promise.all(
    [
      `${standIn.apiUrl}/repos/octo/secret`,
      `${standIn.apiUrl}/repos/octo/app/issues/1/comments`,
      `${standIn.apiUrl}/repos/octo/app/contents/README.md`,
    ].map((url) => fetch(url, { headers: { authorization: `Bearer ${first}` } }).then((response) => response.status)),
  );
  expect(answers).toEqual([404, 403, 200]);
});

it.each([
  ['the repository is gone', () => world.standIn.deleteRepository(world.name), /no longer installed/],
  ['the app may not write', () => world.standIn.setPermissions('octo', { metadata: 'read' }), /lacks a permission/],
  ['the app is suspended', () => world.standIn.suspend('octo'), /suspended/],
])('gives no git token when %s', async (_, happen, message) => {
  await happen();
  const error = await failure(world.github.gitToken(world.repo));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toMatch(message);
});

it("knows the app's own name and address", async () => {
  const { github, standIn } = world;
  const { id } = standIn.addUser('nofx[bot]');
  const identity = { name: 'nofx[bot]', slug: 'nofx', email: `${id}+nofx[bot]@users.noreply.127.0.0.1` };
  expect(await github.appIdentity()).toEqual(identity);
  const before = standIn.requests().length;
  expect(await github.appIdentity()).toEqual(identity);
  expect(standIn.requests().length).toBe(before);
});
