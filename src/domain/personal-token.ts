/**
 * The variables that may hold a personal token. No other can be named, so that none can be used by naming it: a project
 * that names PRIVATE_KEY would have it sent to an address of its own choice.
 */
const NAME = /^(?:GITHUB_TOKEN|GIT_TOKEN|NOFX_TOKEN_[A-Z0-9_]{1,50})$/;

/** What is wrong with another name, without what was given: it may be a token. */
export const NO_TOKEN_NAME =
  'is the name of an environment variable of the server, never a token itself: GITHUB_TOKEN, GIT_TOKEN, or one that begins with NOFX_TOKEN_';

/** Whether a variable of the environment is one of those. */
export const isTokenName = (name: string): boolean => NAME.test(name);

/** The first of the variables that hold the same token as one does: to GitHub they are one. */
export function firstWithSameToken(tokens: ReadonlyMap<string, string>, name: string): string {
  const same = [...tokens].filter(([, token]) => token === tokens.get(name)).map(([each]) => each);
  return same.toSorted()[0] ?? name;
}

/** Finds the token that an environment variable holds. UserError where it holds none. */
export type TokenOf = (name: string) => string;

export type Credential = { username: string; password: string };

/**
 * A personal token as git sends it. `user:token` names the user; otherwise it is one that the place takes beside a token:
 * https://docs.gitlab.com/user/profile/personal_access_tokens (any name), https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens
 */
export function credentialOf(token: string, address: string): Credential {
  const [, username, password] = /^([^:]+):(.+)$/s.exec(token) ?? [];
  if (username !== undefined && password !== undefined) return { username, password };
  const isBitbucket = URL.canParse(address) && new URL(address).hostname === 'bitbucket.org';
  return { username: isBitbucket ? 'x-token-auth' : 'oauth2', password: token };
}

/** What must not be shown of a personal token: all of it, and what follows the user. */
export function secretsOfToken(token: string): string[] {
  return [...new Set([token, credentialOf(token, '').password])];
}
