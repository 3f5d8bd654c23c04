import type { Hono } from 'hono';
import { mergedByDay, spentByDay } from '../db/costs.ts';
import { namesOfProjects } from '../db/projects.ts';
import { beginOf, reportCosts } from '../domain/costs.ts';
import { costsPage, PERIODS } from './costs-page.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';

/** What runs come to: of one project, of all to the admin, else of what one has asked for oneself. */
export function costRoutes(pages: Hono<PageEnv>, { db, access }: PageDeps): void {
  pages.get('/ui/costs', async (c) => {
    const principal = c.get('principal')!;
    const wanted = c.req.query('project') || undefined;
    const project = wanted === undefined ? null : await access.project(principal, wanted);
    const days = PERIODS.find((period) => String(period) === c.req.query('days')) ?? 30;
    const now = new Date();
    const own = project === null && principal.kind === 'user';
    const window = {
      since: beginOf(days, now),
      projectId: project?.id,
      requesterId: own ? principal.githubId : undefined,
    };
    const [spent, merged] = await Promise.all([spentByDay(db, window), mergedByDay(db, window)]);
    const report = reportCosts(spent, merged, { days, now });
    const names = await namesOfProjects(
      db,
      report.projects.map(({ projectId }) => projectId),
    );
    return show(c, {
      title: project ? `Costs of ${project.name}` : 'Costs',
      active: '/ui/costs',
      body: costsPage({ report, names, project, days, own }),
    });
  });
}
