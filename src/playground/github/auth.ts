import { randomBytes } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { verify } from 'hono/jwt';
import { fail } from './respond.ts';
import type { Account, Installation, InstallationToken, Permissions } from './types.ts';
import type { World } from './world.ts';

export type Auth =
  | { kind: 'anonymous' }
  | { kind: 'app' }
  | { kind: 'installation'; token: InstallationToken }
  /** somebody, by a personal token that may do whatever they may */
  | { kind: 'user'; user: Account };
export type Env = { Variables: { auth: Auth } };

const TOKEN_LIFE_MS = 3_600_000;
/** GitHub refuses a JWT that lives longer than ten minutes. */
const LONGEST_JWT_S = 600;

/**
 * A token of GitHub's stateless format, `ghs_<app id>_<header>.<claims>.<signature>`, about 520
 * characters. It says nothing: what it may do is looked up.
 */
export function issueToken(
  world: World,
  installation: Installation,
  scope: { repositoryIds: Set<number> | null; permissions: Permissions },
): InstallationToken {
  const part = (bytes: number) => randomBytes(bytes).toString('base64url');
  const header = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url');
  const value = `ghs_${world.app.id}_${header}.${part(100)}.${part(256)}`;
  const token = { value, installation, ...scope, expiresAt: new Date(world.now().getTime() + TOKEN_LIFE_MS) };
  world.tokens.set(value, token);
  return token;
}

/** A personal token of somebody, of the classic kind, with the scope `repo`. */
export function issuePersonalToken(
  world: World,
  user: Account,
  value = `ghp_${randomBytes(18).toString('hex')}`,
): string {
  world.personalTokens.set(value, user);
  return value;
}

/** The token's record while it is alive. */
export function liveToken(world: World, value: string): InstallationToken | undefined {
  const token = world.tokens.get(value);
  if (!token || token.expiresAt <= world.now() || !world.installations.has(token.installation.id)) return undefined;
  return token;
}

/** GitHub's words for a clock that goes wrong, by which Octokit knows to put itself right. */
const REFUSED: Record<string, string> = {
  JwtTokenExpired:
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
  JwtTokenIssuedAt: "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
};

/** Says who is asking, or ends with 401. */
export function authenticate(world: World): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('auth', await authOf(world, c));
    await next();
  };
}

async function authOf(world: World, c: Context): Promise<Auth> {
  const [scheme = '', credential = ''] = (c.req.header('authorization') ?? '').split(/ +/);
  if (scheme === '') return { kind: 'anonymous' };
  const value = /^basic$/i.test(scheme) ? (passwordOf(credential) ?? '') : credential;
  const token = liveToken(world, value);
  if (token) {
    if (token.installation.suspendedAt) fail(403, 'This installation has been suspended');
    return { kind: 'installation', token };
  }
  const user = world.personalTokens.get(value);
  if (user) return { kind: 'user', user };
  if (!/^bearer$/i.test(scheme) || value.startsWith('gh')) return fail(401, 'Bad credentials');
  await verifyAppJwt(world, value);
  return { kind: 'app' };
}

async function verifyAppJwt(world: World, jwt: string): Promise<void> {
  let claims;
  try {
    claims = await verify(jwt, world.app.publicKey, 'RS256');
  } catch (error) {
    return fail(401, REFUSED[error instanceof Error ? error.name : ''] ?? 'A JSON web token could not be decoded');
  }
  const issuer = String(claims['iss']);
  if (issuer !== String(world.app.id) && issuer !== world.app.clientId) fail(404, 'Integration not found');
  const life = (claims.exp ?? Infinity) - Date.now() / 1000;
  if (life > LONGEST_JWT_S + 60) fail(401, "'Expiration time' claim ('exp') is too far in the future");
}

/** The password of a Basic header's credential. */
export function passwordOf(credential: string): string | null {
  const decoded = Buffer.from(credential, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? null : decoded.slice(colon + 1);
}
