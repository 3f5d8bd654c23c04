import { Hono } from 'hono';
import { installationFor, permits, repositoryFor, requireApp, requireToken } from './access.ts';
import { issueToken, type Env } from './auth.ts';
import { bodyOf, fail, invalid, notFound, page } from './respond.ts';
import { appShape, installationShape, publicUserShape, selectionOf } from './shape-accounts.ts';
import { iso } from './shape-common.ts';
import { repositoryShape } from './shape-repository.ts';
import type { Installation, Permissions } from './types.ts';
import { findAccount, fullName, hasRole, installationOf, repositoriesOf, type World } from './world.ts';

/** The app itself, its installations, their tokens; and users. */
export function appRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/app', (c) => {
    requireApp(c);
    return c.json({ ...appShape(world), installations_count: world.installations.size });
  });

  routes.get('/app/installations', (c) => {
    requireApp(c);
    return c.json(
      page(
        c,
        [...world.installations.values()].map((one) => installationShape(world, one)),
      ),
    );
  });

  routes.get('/app/installations/:installation', (c) => c.json(installationShape(world, installationFor(world, c))));

  routes.get('/repos/:owner/:repo/installation', (c) => {
    requireApp(c);
    const wanted = `${c.req.param('owner')}/${c.req.param('repo')}`.toLowerCase();
    const repo = [...world.repositories.values()].find((one) => fullName(one).toLowerCase() === wanted);
    const installation = repo && installationOf(world, repo);
    return c.json(installation ? installationShape(world, installation) : notFound());
  });

  routes.post('/app/installations/:installation/access_tokens', async (c) => {
    const installation = installationFor(world, c);
    if (installation.suspendedAt) fail(403, 'This installation has been suspended');
    const body = await bodyOf(c);
    const repositoryIds = scopeOf(world, installation, body);
    const token = issueToken(world, installation, { repositoryIds, permissions: permissionsOf(installation, body) });
    return c.json(
      {
        token: token.value,
        expires_at: iso(token.expiresAt),
        permissions: token.permissions,
        repository_selection: selectionOf(repositoryIds ?? installation.repositoryIds),
        ...(repositoryIds
          ? { repositories: repositoriesOf(world, token).map((repo) => repositoryShape(world, repo)) }
          : {}),
      },
      201,
    );
  });

  routes.delete('/installation/token', (c) => {
    world.tokens.delete(requireToken(c).value);
    return c.body(null, 204);
  });

  routes.get('/installation/repositories', (c) => {
    const token = requireToken(c);
    const repositories = repositoriesOf(world, token);
    return c.json({
      total_count: repositories.length,
      repository_selection: selectionOf(token.repositoryIds),
      repositories: page(
        c,
        repositories.map((repo) => repositoryShape(world, repo)),
      ),
    });
  });

  routes.get('/users/:login', (c) => {
    const account = findAccount(world, c.req.param('login'));
    return c.json(account ? publicUserShape(world, account) : notFound());
  });

  routes.get('/repos/:owner/:repo/collaborators/:login/permission', (c) => {
    const repo = repositoryFor(world, c);
    const auth = c.get('auth');
    if (auth.kind === 'user' && !hasRole(repo, auth.user, 'write'))
      fail(403, 'Must have push access to view collaborator permission.');
    const account = findAccount(world, c.req.param('login'));
    if (!account || account.type !== 'User') return fail(404, `${c.req.param('login')} is not a user`);
    const isOwner = account.id === repo.owner.id;
    const role = isOwner
      ? 'admin'
      : (repo.collaborators.get(account.login.toLowerCase()) ?? (repo.private ? 'none' : 'read'));
    const legacy = { triage: 'read', maintain: 'write' }[role as string] ?? role;
    const rank = ['none', 'read', 'triage', 'write', 'maintain', 'admin'].indexOf(role);
    const permissions = { pull: rank >= 1, triage: rank >= 2, push: rank >= 3, maintain: rank >= 4, admin: rank >= 5 };
    return c.json({
      permission: legacy,
      user: { ...publicUserShape(world, account), permissions, role_name: role },
      role_name: role,
    });
  });

  return routes;
}

/** The repositories that a token is asked for; null for all. 422 when one of them is out of reach. */
function scopeOf(world: World, installation: Installation, body: Record<string, unknown>): Set<number> | null {
  const reachable = repositoriesOf(world, installation);
  const ids = body['repository_ids'] as number[] | undefined;
  const names = body['repositories'] as string[] | undefined;
  if (!ids && !names) return null;
  const chosen = reachable.filter((repo) => ids?.includes(repo.id) || names?.includes(repo.name));
  if (chosen.length < (ids?.length ?? 0) + (names?.length ?? 0)) {
    fail(422, 'There is at least one repository that does not exist or is not accessible to the parent installation.');
  }
  return new Set(chosen.map((repo) => repo.id));
}

/** The permissions asked for, all of them granted to the installation; 422 otherwise. */
function permissionsOf(installation: Installation, body: Record<string, unknown>): Permissions {
  const wanted = body['permissions'] as Permissions | undefined;
  if (!wanted) return installation.permissions;
  for (const [name, level] of Object.entries(wanted)) {
    if (level !== 'read' && level !== 'write') invalid({ resource: 'permissions', field: name, code: 'invalid' });
    const granted = permits({ permissions: installation.permissions }, `${name}:${level as 'read' | 'write'}`);
    if (!granted) fail(422, 'The permissions requested are not granted to this installation.');
  }
  return { metadata: 'read', ...wanted };
}
