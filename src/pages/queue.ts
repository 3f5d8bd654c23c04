import type { Hono } from 'hono';
import { adminOnly } from '../api/access.ts';
import { ApiProblem } from '../api/problem.ts';
import { namesOfProjects } from '../db/projects.ts';
import { listDead, redriveDead, type Redriven } from '../runs/dead.ts';
import { viewQueue } from '../runs/view-queue.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';
import { tell } from './notice.ts';
import { queuePage } from './queue-page.ts';

/** So many dead letters are shown, the oldest first. */
const MOST_LETTERS = 50;

/** What NOFX is at, and what it gave up: for the admin. */
export function queueRoutes(pages: Hono<PageEnv>, deps: PageDeps): void {
  pages.get('/ui/queue', async (c) => {
    adminOnly(c.get('principal')!);
    const [view, dead] = await Promise.all([viewQueue(deps), listDead(deps, MOST_LETTERS)]);
    const ids = [...view.running, ...view.lines].map(({ projectId }) => projectId);
    const names = await namesOfProjects(deps.db, [...new Set(ids)]);
    return show(c, {
      title: 'Queue',
      active: '/ui/queue',
      body: queuePage({ ...view, ...dead, names, now: new Date(), formToken: c.get('formToken') }),
      live: { everySeconds: 10 },
    });
  });

  pages.post('/ui/queue/dead/:letterId/redrive', async (c) => {
    adminOnly(c.get('principal')!);
    const letterId = c.req.param('letterId');
    if ((await deps.queue.findDead(letterId)) === null) throw new ApiProblem('not_found');
    const done = await redriveDead(deps, letterId);
    tell(
      c,
      deps,
      done.ok ? { kind: 'done', text: told(done) } : { kind: 'refused', text: `${done.reason} ${done.next}` },
    );
    return c.redirect(done.ok && done.did !== 'delivery' ? `/ui/runs/${done.runId}` : '/ui/queue', 303);
  });
}

function told(done: Extract<Redriven, { ok: true }>): string {
  switch (done.did) {
    case 'delivery':
      return `The delivery ${done.guid} is worked on again.`;
    case 'step':
      return 'The step goes on.';
    case 'run':
      return `This is a new run of the same request; ${done.instead} stays as it ended.`;
  }
}
