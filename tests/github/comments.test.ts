import { expect, it } from 'vitest';
import { adapterFor, failure, useGitHub } from './support.ts';
import { InternalError, RetryableError } from '../../src/errors.ts';

const world = useGitHub();
const marker = '<!-- nofx:run run_1 -->';
const bodies = () => world.standIn.comments(world.name, world.issue).map((comment) => comment.body);
const posts = () =>
  world.standIn.requests().filter((each) => each.method === 'POST' && each.path.endsWith('/comments')).length;

it('writes one comment and edits it', async () => {
  const { github, repo, issue } = world;
  const first = await github.upsertComment(repo, issue, { marker, body: 'working' });
  const second = await github.upsertComment(repo, issue, { marker, body: `${marker}\ndone` });
  const third = await github.upsertComment(repo, issue, { marker, body: 'again', known: first.id });
  expect([second.id, third.id]).toEqual([first.id, first.id]);
  expect(third.url).toMatch(new RegExp(`/issues/${issue}#issuecomment-${first.id}$`));
  expect(bodies()).toEqual([`${marker}\nagain`]);
});

it('writes one comment when asked twice at once', async () => {
  const { github, repo, issue } = world;
  const [a, b] = await Promise.all(['a', 'b'].map((body) => github.upsertComment(repo, issue, { marker, body })));
  expect(a!.id).toBe(b!.id);
  expect(bodies()).toEqual([`${marker}\nb`]);
});

it('finds its comment after a restart, behind many others', async () => {
  const { github, repo, issue, standIn, name } = world;
  for (let i = 0; i < 130; i++) await standIn.comment({ repo: name, issue, body: `comment ${i}`, by: 'alice' });
  const { id } = await github.upsertComment(repo, issue, { marker, body: 'one' });
  expect(await adapterFor(standIn).upsertComment(repo, issue, { marker, body: 'two' })).toMatchObject({ id });
  expect(bodies().filter((body) => body.startsWith(marker))).toEqual([`${marker}\ntwo`]);
});

it("leaves another person's comment alone, marker or not", async () => {
  const { github, repo, issue, standIn, name } = world;
  await standIn.comment({ repo: name, issue, body: `${marker}\nmine`, by: 'mallory' });
  await github.upsertComment(repo, issue, { marker, body: 'ours' });
  expect(bodies()).toEqual([`${marker}\nmine`, `${marker}\nours`]);
});

it('writes anew when the known comment is gone', async () => {
  const { github, repo, issue } = world;
  await github.upsertComment(repo, issue, { marker, body: 'x', known: 987_654 });
  expect(bodies()).toEqual([`${marker}\nx`]);
});

it.each([502, 0])('writes one comment when the answer is lost (%s)', async (status) => {
  const { github, repo, issue, standIn } = world;
  standIn.failNext({ method: 'POST', path: /\/comments$/, status, afterEffect: true });
  const { id } = await github.upsertComment(repo, issue, { marker, body: 'once' });
  expect(bodies()).toEqual([`${marker}\nonce`]);
  expect(posts()).toBe(1);
  expect(await github.upsertComment(repo, issue, { marker, body: 'twice' })).toMatchObject({ id });
});

it('leaves it to the job to try again when nothing was written', async () => {
  const { github, repo, issue, standIn } = world;
  standIn.failNext({ method: 'POST', path: /\/comments$/, status: 502 });
  expect(await failure(github.upsertComment(repo, issue, { marker, body: 'x' }))).toBeInstanceOf(RetryableError);
  expect(posts()).toBe(1);
  await github.upsertComment(repo, issue, { marker, body: 'x' });
  expect(bodies()).toHaveLength(1);
});

it('cuts what GitHub would refuse', async () => {
  await world.github.upsertComment(world.repo, world.issue, { marker, body: '漢'.repeat(70_000) });
  expect(Buffer.byteLength(bodies()[0]!)).toBeLessThanOrEqual(60_000);
  expect(bodies()[0]).toMatch(/Shortened/);
});

it('takes no other text for a marker', async () => {
  expect(
    await failure((async () => world.github.upsertComment(world.repo, world.issue, { marker: 'x', body: 'x' }))()),
  ).toBeInstanceOf(InternalError);
});
