import { describe, expect, it } from 'vitest';
import { credentialOf, isTokenName, secretsOfToken } from '../../src/domain/personal-token.ts';

describe('a personal token', () => {
  it('is in a variable made for it', () => {
    for (const name of ['GITHUB_TOKEN', 'GIT_TOKEN', 'NOFX_TOKEN_LAB_2']) expect(isTokenName(name), name).toBe(true);
    const others = [
      'PRIVATE_KEY',
      'NOFX_METRICS_TOKEN',
      'NOFX_TOKEN_',
      'NOFX_TOKEN_a',
      'XGIT_TOKEN',
      'GIT_TOKEN\n',
      'ghp_1',
    ];
    for (const name of others) expect(isTokenName(name), name).toBe(false);
  });

  it('is sent beside a user that the place takes, or the one that it names', () => {
    const at = (token: string, address: string) => Object.values(credentialOf(token, address)).join(' ');
    expect(at('secret', 'https://gitlab.com/a/b.git')).toBe('oauth2 secret');
    expect(at('secret', 'https://bitbucket.org/a/b.git')).toBe('x-token-auth secret');
    expect(at('me:secret:1', 'https://bitbucket.org/a/b.git')).toBe('me secret:1');
    expect(secretsOfToken('me:secret')).toEqual(['me:secret', 'secret']);
    expect(secretsOfToken('secret')).toEqual(['secret']);
  });
});
