import { Hono } from 'hono';
import { permits, requireToken } from './access.ts';
import type { Env } from './auth.ts';
import { fail, notFound } from './respond.ts';
import { apiUrl } from './shape-common.ts';
import type { World } from './world.ts';

/** Who is in a team, as an app that may read members is told. */
export function teamRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/orgs/:org/teams/:slug/memberships/:login', (c) => {
    const { org, slug, login } = c.req.param();
    const token = requireToken(c);
    if (!permits(token, 'members:read')) return fail(403, 'Resource not accessible by integration');
    const team = world.teams.get(`${org}/${slug}`.toLowerCase());
    const isOurs = token.installation.account.login.toLowerCase() === org.toLowerCase();
    if (!team || !isOurs || !team.members.has(login.toLowerCase())) return notFound();
    const url = apiUrl(world, `/organizations/${team.org.id}/team/${team.id}/memberships/${login}`);
    return c.json({ url, role: 'member', state: 'active' });
  });

  return routes;
}
