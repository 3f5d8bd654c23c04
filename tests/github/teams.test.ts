import { expect, it } from 'vitest';
import { adapterFor, useGitHub } from './support.ts';

const world = useGitHub();

it('knows who is in a team, and says so where it may not know', async () => {
  const { github, repo, standIn } = world;
  standIn.addTeam('octo/leads', { members: ['Tess'] });
  const ask = (team: string, login: string) => github.isTeamMember(repo, team, login);
  expect(await ask('octo/leads', 'tess')).toBe(true);
  expect(await ask('Octo/Leads', 'alice')).toBe(false);
  expect(await ask('octo/nobody', 'tess')).toBe(false);
  standIn.addTeam('other/leads', { members: ['tess'] });
  expect(await ask('other/leads', 'tess'), 'a team of somebody else').toBe(false);

  standIn.setPermissions('octo', { metadata: 'read' });
  expect(await adapterFor(standIn).isTeamMember(repo, 'octo/leads', 'tess')).toBeNull();
});

it('waits where GitHub asks it to', async () => {
  const { github, repo, standIn } = world;
  standIn.failNext({ path: /memberships/, status: 403, headers: { 'retry-after': '7' } });
  await expect(github.isTeamMember(repo, 'octo/leads', 'tess')).rejects.toMatchObject({ retryAfterMs: 7_000 });
});
