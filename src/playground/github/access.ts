import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Auth, Env } from './auth.ts';
import { fail, notFound } from './respond.ts';
import { apiUrl } from './shape-common.ts';
import type { Account, Installation, InstallationToken, Repository } from './types.ts';
import { findRepository, hasRole, repositoriesOf, type World } from './world.ts';

/** A permission and its level; where several are given, one of them is enough. */
export type Need = `${string}:${'read' | 'write'}`;

const DENIED = 'Resource not accessible by integration';

/** Only for the app itself, by its JWT. */
export function requireApp(c: Context<Env>): void {
  const { kind } = c.get('auth');
  if (kind !== 'app') fail(401, 'A JSON web token could not be decoded');
}

export function requireToken(c: Context<Env>): InstallationToken {
  const auth = c.get('auth');
  if (auth.kind === 'anonymous') return fail(401, 'Requires authentication');
  if (auth.kind === 'user') return fail(403, 'You must authenticate with an installation access token');
  if (auth.kind === 'app') return fail(403, DENIED);
  return auth.token;
}

/** Who does what a request asks for. */
export function actorOf(world: World, c: Context<Env>): Account {
  const auth = c.get('auth');
  return auth.kind === 'user' ? auth.user : world.app.bot;
}

export function installationFor(world: World, c: Context<Env>): Installation {
  requireApp(c);
  return world.installations.get(Number(c.req.param('installation'))) ?? notFound();
}

/**
 * The repository that the URL names, if the token may do what is needed there: 401, 403 or 404 as GitHub
 * answers, 301 after a rename. Reading metadata needs no permission.
 */
export function repositoryFor(world: World, c: Context<Env>, ...needs: Need[]): Repository {
  const repo = findRepository(world, c.req.param('owner') ?? '', c.req.param('repo') ?? '') ?? moved(world, c);
  const write = needs.some((need) => need.endsWith(':write'));
  const auth = c.get('auth');
  if (auth.kind === 'app') return fail(403, DENIED);
  if (auth.kind === 'user') return forUser(auth.user, repo, needs);
  const covered = auth.kind === 'installation' && repositoriesOf(world, auth.token).includes(repo);
  if (!covered && (repo.private || write)) return denied(auth, repo);
  if (covered && needs.length > 0 && !needs.some((need) => permits(auth.token, need))) return fail(403, DENIED);
  if (write && repo.archived) return fail(403, 'Repository was archived so is read-only.');
  return repo;
}

/** What somebody may do is what their role says; checks are an app's alone to write. */
function forUser(user: Account, repo: Repository, needs: Need[]): Repository {
  const write = needs.some((need) => need.endsWith(':write'));
  if (!hasRole(repo, user, 'read')) return notFound();
  if (needs.includes('checks:write')) fail(403, 'You must authenticate via a GitHub App.');
  const role = needs.includes('contents:write') ? 'write' : 'read';
  if (write && !hasRole(repo, user, role)) fail(403, `Must have ${role} access to Repository.`);
  if (write && repo.archived) fail(403, 'Repository was archived so is read-only.');
  return repo;
}

function denied(auth: Auth, repo: Repository): never {
  if (repo.private) return notFound();
  return auth.kind === 'anonymous' ? fail(401, 'Requires authentication') : fail(403, DENIED);
}

export function permits(token: Pick<InstallationToken, 'permissions'>, need: Need): boolean {
  const [name = '', level] = need.split(':');
  const granted = token.permissions[name];
  return granted === 'write' || granted === 'admin' || (granted === 'read' && level === 'read');
}

function moved(world: World, c: Context): never {
  const former = `${c.req.param('owner')}/${c.req.param('repo')}`.toLowerCase();
  const id = world.formerNames.get(former);
  if (id === undefined) return notFound();
  const url = new URL(c.req.url);
  const rest = url.pathname
    .split('/')
    .slice(6)
    .map((part) => `/${part}`)
    .join('');
  const location = apiUrl(world, `/repositories/${id}${rest}${url.search}`);
  const body = JSON.stringify({ message: 'Moved Permanently', url: location });
  throw new HTTPException(301, {
    res: new Response(body, { status: 301, headers: { location, 'content-type': 'application/json' } }),
  });
}
