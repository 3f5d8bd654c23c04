import { expect, it } from 'vitest';
import { useGitHub } from './support.ts';

const world = useGitHub();

it.each(['read', 'triage', 'write', 'maintain', 'admin'] as const)('tells the role %s', async (role) => {
  world.standIn.setCollaborator(world.name, 'carol', role);
  expect(await world.github.permission(world.repo, 'carol')).toBe(role);
});

it('tells the owner, strangers and nobody', async () => {
  const { github, repo, standIn, name } = world;
  standIn.addUser('stranger');
  expect(await github.permission(repo, 'octo')).toBe('admin');
  expect(await github.permission(repo, 'stranger')).toBe('read');
  expect(await github.permission(repo, 'no-such-user')).toBe('none');
  standIn.configure(name, { private: true });
  expect(await github.permission(repo, 'stranger')).toBe('none');
});

it.each([
  ['release-manager', 'write', 'write'],
  ['observer', 'read', 'read'],
  ['odd', 'something-new', 'none'],
])("takes an organization's own role %s for its base", async (role_name, permission, expected) => {
  world.standIn.failNext({ path: /\/permission$/, status: 200, body: { permission, role_name, user: null } });
  expect(await world.github.permission(world.repo, 'alice')).toBe(expected);
});

it('asks anew each time', async () => {
  expect(await world.github.permission(world.repo, 'alice')).toBe('write');
  world.standIn.setCollaborator(world.name, 'alice', 'read');
  expect(await world.github.permission(world.repo, 'alice')).toBe('read');
});

it("gives a login that became somebody else's nothing", async () => {
  const { github, repo, standIn } = world;
  const { id } = standIn.addUser('carol');
  standIn.setCollaborator(world.name, 'carol', 'write');
  expect(await github.permission(repo, 'carol', id)).toBe('write');
  expect(await github.permission(repo, 'carol', id + 1)).toBe('none');
});
