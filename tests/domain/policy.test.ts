import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../src/domain/policy.ts';

const step = (inputs: Record<string, unknown> = {}) => ({ name: 'a', tool: 'codegen', inputs });

describe('checkPolicy', () => {
  it('lets a step without a policy run', () => {
    expect(checkPolicy(step(), {}, ['model', 'github'])).toBeNull();
  });

  it.each([
    ['a tool that is not listed', step(), { tools_allowed: ['git_pr'] }, 'does not allow the tool "codegen"'],
    ['a variable that is not listed', step({ env: ['PATH_TO_X'] }), { env_allowed: ['CI'] }, 'PATH_TO_X'],
    ['a variable given a value', step({ env: { SECRET: '1' } }), {}, 'SECRET'],
    ['an env that is no list', step({ env: 3 }), {}, '`env` must list'],
    ['a withheld secret', step(), { secrets_scope: 'github' }, 'withholds model'],
    ['every secret withheld', step(), { secrets_scope: 'none' }, 'withholds model, github'],
  ])('refuses %s', (_, asked, policy, words) => {
    expect(checkPolicy(asked, policy, ['model', 'github'])?.message).toContain(words);
  });

  it('grants the secrets it names', () => {
    expect(
      checkPolicy(step({ env: ['CI'] }), { secrets_scope: 'model, github', env_allowed: ['CI'] }, ['model', 'github']),
    ).toBeNull();
  });
});
