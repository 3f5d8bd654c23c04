import type { Hono } from 'hono';
import { z } from 'zod';
import { personOf } from '../api/link.ts';
import { problemOf } from '../api/problem.ts';
import { visible } from '../api/run-list.ts';
import { findProjectByName } from '../db/projects.ts';
import { listRunPage, type ListedRun, type RunFilter } from '../db/run-list.ts';
import type { Person } from '../domain/principal.ts';
import { RunStatus } from '../domain/run.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';
import { runsPage } from './runs-page.ts';

/** Runs on a page. */
const LIMIT = 25;

/** An empty field of a form is none. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value || undefined, schema.optional());

/** What a list may be asked for; what makes no sense is left out and said. */
export const RunQuery = z.object({
  project: optional(z.string().trim()),
  status: optional(RunStatus).catch(undefined),
  author: optional(
    z
      .string()
      .trim()
      .regex(/^@?[\w-]{1,60}$/),
  ).catch(undefined),
  issue: optional(z.coerce.number().int().min(1).max(2_147_483_647)).catch(undefined),
  q: optional(z.string().trim().max(200)).catch(undefined),
  cursor: optional(z.string().regex(/^run_\w{1,60}$/)).catch(undefined),
});
export type RunQuery = z.infer<typeof RunQuery>;

/** What a page of runs shows. */
export type RunPageFacts = {
  query: RunQuery;
  runs: ListedRun[];
  /** the cursor of the next page; null on the last */
  next: string | null;
  /** only what whoever looks has asked for themselves */
  own: boolean;
  /** why there are none, where that is not for want of runs */
  mistake: string | null;
};

/** The runs, newest first. */
export function runsRoutes(pages: Hono<PageEnv>, deps: PageDeps): void {
  pages.get('/ui/runs', async (c) => {
    const query = RunQuery.parse(c.req.query());
    const facts = await readPage(deps, personOf(c.get('principal')!), query);
    return show(c, {
      title: 'Runs',
      active: '/ui/runs',
      body: runsPage(facts),
      // What is older does not change any more by itself.
      live: query.cursor || facts.mistake ? undefined : { everySeconds: 3, hasFields: true },
    });
  });
}

async function readPage(deps: PageDeps, person: Person, query: RunQuery): Promise<RunPageFacts> {
  const own = person.kind === 'user' && query.project === undefined;
  const none = { query, runs: [], next: null, own };
  const wanted = await filterOf(deps, query);
  if (typeof wanted === 'string') return { ...none, mistake: wanted };
  try {
    const filter = await visible(deps.access, person, wanted);
    const page = { limit: LIMIT + 1, ...(query.cursor ? { after: query.cursor } : { offset: 0 }) };
    const rows = await listRunPage(deps.db, filter, page);
    const runs = rows.slice(0, LIMIT);
    return { ...none, runs, next: rows.length > LIMIT ? runs.at(-1)!.id : null, mistake: null };
  } catch (error) {
    const { kind, message } = problemOf(error);
    if (kind !== 'forbidden') throw error;
    return { ...none, mistake: `${message} Name a repository that you may read.` };
  }
}

type Wanted = Omit<RunFilter, 'author' | 'projectId'> & { project?: string | undefined; author?: string | undefined };

/** What is asked of the database; a sentence where it makes no sense. */
async function filterOf({ db }: PageDeps, { project, status, author, issue, q }: RunQuery): Promise<Wanted | string> {
  if (issue !== undefined && project === undefined) return 'An issue is one of a repository: name it as well.';
  // What there is not is answered like what somebody may not see.
  const id = project && ((await findProjectByName(db, project))?.id ?? project);
  return { project: id, status, author: author?.replace('@', ''), issue, words: q };
}
