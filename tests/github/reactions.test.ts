import { expect, it } from 'vitest';
import { useGitHub } from './support.ts';

const world = useGitHub();

it('reacts to a comment, once, and takes it back', async () => {
  const { github, repo, standIn, name, issue } = world;
  const { id } = await standIn.comment({ repo: name, issue, body: '/nofx add slugs', by: 'alice' });
  const target = { kind: 'comment', id } as const;
  await github.react(repo, target, 'eyes');
  await github.react(repo, target, 'eyes');
  await github.react(repo, target, 'rocket');
  await github.unreact(repo, target, 'eyes');
  await github.unreact(repo, target, 'eyes');
  expect(standIn.reactions({ comment: id })).toEqual([{ by: 'nofx[bot]', content: 'rocket' }]);
});

it("reacts to an issue, and leaves other people's reactions", async () => {
  const { github, repo, standIn, name, issue } = world;
  const target = { kind: 'issue', number: issue } as const;
  standIn.react({ repo: name, issue, content: 'eyes', by: 'alice' });
  await github.react(repo, target, 'eyes');
  await github.unreact(repo, target, 'eyes');
  expect(standIn.reactions({ repo: name, issue })).toEqual([{ by: 'alice', content: 'eyes' }]);
});

it('sends it again after a 502: the same reaction twice is one', async () => {
  const { github, repo, standIn, name, issue } = world;
  standIn.failNext({ method: 'POST', path: /\/reactions$/, status: 502, afterEffect: true });
  await github.react(repo, { kind: 'issue', number: issue }, 'eyes');
  expect(standIn.reactions({ repo: name, issue })).toHaveLength(1);
});
