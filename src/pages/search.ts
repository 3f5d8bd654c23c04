import type { Hono } from 'hono';
import { personOf } from '../api/link.ts';
import { visible } from '../api/run-list.ts';
import { listRunPage } from '../db/run-list.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';
import { searchPage } from './search-page.ts';

/** Found on a page. */
const LIMIT = 20;

/** Finds runs by what was asked for: among all to the admin, else among one's own or those of a repository that one may read. */
export function searchRoutes(pages: Hono<PageEnv>, { db, access }: PageDeps): void {
  pages.get('/ui/search', async (c) => {
    const person = personOf(c.get('principal')!);
    const words = (c.req.query('q') ?? '').trim().slice(0, 200);
    const project = c.req.query('project') || undefined;
    const cursor = c.req.query('after');
    const after = cursor && /^run_\w{1,60}$/.test(cursor) ? cursor : undefined;
    const filter = words === '' ? null : await visible(access, person, { project, words });
    const rows =
      filter && (await listRunPage(db, filter, { limit: LIMIT + 1, ...(after ? { after } : { offset: 0 }) }));
    const runs = rows?.slice(0, LIMIT) ?? null;
    return show(c, {
      title: words === '' ? 'Search' : `${words} · Search`,
      active: '/ui/search',
      body: searchPage({
        words,
        project,
        runs,
        next: runs && rows!.length > LIMIT ? runs.at(-1)!.id : null,
        own: person.kind === 'user' && project === undefined,
      }),
    });
  });
}
