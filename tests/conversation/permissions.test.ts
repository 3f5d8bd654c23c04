import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEAST_ROLE, type CommandKind } from '../../src/domain/command.ts';
import { isAtLeast, ROLES, type Role } from '../../src/domain/role.ts';
import { lane } from '../support/database.ts';
import { changesNothing, startHarness, type Harness, type Repository } from '../support/harness.ts';

/** Each command as somebody would write it. */
const COMMANDS: Record<CommandKind, string> = {
  run: 'add the notes',
  plan: 'plan the notes',
  approve: 'approve',
  revise: 'revise the notes',
  retry: 'retry',
  cancel: 'cancel',
  status: 'status',
  rebase: 'rebase',
  unlock: 'unlock',
  config: 'config',
  help: 'help',
};

const PEOPLE: Partial<Record<Role, string>> & Record<Exclude<Role, 'none'>, string> = {
  read: 'rita',
  triage: 'tom',
  write: 'mona',
  maintain: 'maya',
  admin: 'ada',
};

describe(`who may use which command, on ${lane}`, () => {
  let nofx: Harness;
  let kit: Repository;
  let hidden: Repository;
  beforeAll(async () => {
    nofx = await startHarness();
    const collaborators = Object.fromEntries(
      Object.entries(PEOPLE).map(([role, login]) => [login, role as Exclude<Role, 'none'>]),
    );
    kit = await nofx.repository({ model: changesNothing, collaborators });
    // In a private repository whoever is no collaborator has no role at all.
    hidden = await nofx.repository({ model: changesNothing, collaborators, private: true });
  });
  afterAll(() => nofx.stop());

  describe.each(Object.entries(COMMANDS) as [CommandKind, string][])('/nofx %s', (command, text) => {
    it.each(ROLES)('by somebody with the role %s', async (role) => {
      const repository = role === 'none' ? hidden : kit;
      const by = PEOPLE[role] ?? 'stranger';
      const { issue, comment } = await repository.ask(`/nofx ${text}`, { by });
      const outcome = await repository.outcome();
      if (isAtLeast(role, LEAST_ROLE[command])) {
        expect(outcome).not.toContain(`${by} has`);
        return;
      }
      expect(outcome).toBe(`refused: ${by} has ${role}`);
      expect(repository.reactions({ comment })).toEqual(['confused']);
      expect(repository.answer(issue)).toContain(`at least the role ${LEAST_ROLE[command]}`);
      expect(repository.answer(issue)).toContain(`your role here is ${role}`);
    });

    it('by a bot', async () => {
      nofx.github.addUser('renovate[bot]', { type: 'Bot' });
      const { issue } = await kit.ask(`/nofx ${text}`, { by: 'renovate[bot]' });
      expect(await kit.outcome()).toBe('ignored: renovate[bot] is a bot');
      expect(kit.answers(issue)).toEqual([]);
    });
  });
});
