import { and, desc, eq, getTableColumns, isNotNull, isNull, sql, type SQL } from 'drizzle-orm';
import { isTerminal, type RunStatus } from '../domain/run.ts';
import type { Executor } from './client.ts';
import { laneOfIssue } from './runs.ts';
import { run, wordsOf } from './schema.ts';

export type RunFilter = {
  projectId?: string | undefined;
  status?: RunStatus | undefined;
  /** of `projectId` */
  issue?: number | undefined;
  /** whoever asked, by their id on GitHub or their login at the time */
  author?: { id: number } | { login: string } | undefined;
  /** words of what was asked for, as one types them into a search engine */
  words?: string | undefined;
};

export type RunPage = { limit: number } & ({ offset: number } | { after: string });

// What is long stays where it is: a list has up to a hundred of them.
const { plan: _plan, config: _config, ...listed } = getTableColumns(run);

export type ListedRun = Omit<typeof run.$inferSelect, 'plan' | 'config'>;

/** Runs, newest first. `after` is the id of a run: those that come behind it. */
export async function listRunPage(db: Executor, filter: RunFilter, page: RunPage): Promise<ListedRun[]> {
  const behind =
    'after' in page
      ? sql`(${run.createdAt}, ${run.id}) < ((select created_at from ${run} as at where at.id = ${page.after}), ${page.after})`
      : undefined;
  return db
    .select(listed)
    .from(run)
    .where(and(...conditions(filter), behind))
    .orderBy(desc(run.createdAt), desc(run.id))
    .limit(page.limit)
    .offset('offset' in page ? page.offset : 0);
}

/** How many runs there are, counted up to `most`: a count of all reads all. */
export async function countRuns(db: Executor, filter: RunFilter, most: number): Promise<number> {
  const some = db
    .select({ id: run.id })
    .from(run)
    .where(and(...conditions(filter)))
    // The order has it read the index of the list, and not look through the table for the few that fit.
    .orderBy(desc(run.createdAt), desc(run.id))
    .limit(most)
    .as('some');
  return db.$count(some);
}

function conditions({ projectId, status, issue, author, words }: RunFilter): (SQL | undefined)[] {
  return [
    projectId === undefined ? undefined : eq(run.projectId, projectId),
    projectId === undefined || issue === undefined ? undefined : eq(run.lane, laneOfIssue(projectId, issue)),
    status === undefined ? undefined : eq(run.status, status),
    // By these the planner knows which of the partial indexes has them.
    status === undefined ? undefined : isTerminal(status) ? isNotNull(run.endedAt) : isNull(run.endedAt),
    author === undefined
      ? undefined
      : 'id' in author
        ? sql`((${run.source} -> 'requester' ->> 'id'))::bigint = ${author.id}`
        : sql`lower(${run.source} -> 'requester' ->> 'login') = ${author.login.toLowerCase()}`,
    words === undefined ? undefined : sql`${wordsOf(run)} @@ websearch_to_tsquery('english', ${words})`,
  ];
}
