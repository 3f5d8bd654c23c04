import { and, asc, eq, getTableColumns, gt, inArray, isNull, notExists, sql } from 'drizzle-orm';
import type { Project, ProjectFacts } from '../domain/project.ts';
import type { Executor } from './client.ts';
import { excluded } from './excluded.ts';
import { project, run } from './schema.ts';

/** Rows in one statement. */
const BATCH = 200;

/**
 * Stores projects, or brings the stored ones up to date: names, owners and default branches change. What somebody has
 * settled for them stays.
 */
export async function upsertProjects(tx: Executor, rows: readonly (typeof project.$inferInsert)[]): Promise<void> {
  const seen = excluded(project, 'name', 'repoUrl', 'defaultBranch', 'installationId', 'repositoryId');
  for (let at = 0; at < rows.length; at += BATCH) {
    await tx
      .insert(project)
      .values(rows.slice(at, at + BATCH))
      .onConflictDoUpdate({ target: project.id, set: { ...seen, removedAt: null } });
  }
}

function factsOf({ name, repoUrl, defaultBranch, installationId, repositoryId }: ProjectFacts) {
  return { name, repoUrl, defaultBranch, installationId, repositoryId, removedAt: null };
}

export async function getProject(db: Executor, id: string): Promise<Project | null> {
  const [row] = await db.select().from(project).where(eq(project.id, id));
  return row ?? null;
}

/** A project by its name (`owner/name`), in any case. */
export async function findProjectByName(db: Executor, name: string): Promise<Project | null> {
  const [row] = await db
    .select()
    .from(project)
    .where(sql`lower(${project.name}) = ${name.toLowerCase()}`)
    .orderBy(sql`${project.removedAt} is not null`, asc(project.id))
    .limit(1);
  return row ?? null;
}

export async function getProjectOfRun(db: Executor, runId: string): Promise<Project | null> {
  const [row] = await db
    .select(getTableColumns(project))
    .from(project)
    .innerJoin(run, eq(run.projectId, project.id))
    .where(eq(run.id, runId));
  return row ?? null;
}

/** Projects by id, from behind `after`. */
export async function listProjects(
  db: Executor,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<Project[]> {
  return db.select().from(project).where(gt(project.id, after)).orderBy(asc(project.id)).limit(limit);
}

export async function insertProject(
  db: Executor,
  row: Omit<Project, 'defaultBranch' | 'installationId' | 'repositoryId' | 'syncedAt' | 'removedAt'>,
): Promise<Project> {
  const [inserted] = await db.insert(project).values(row).returning();
  return inserted!;
}

/** What may be settled for a project. */
export type ProjectChange = Partial<Pick<Project, 'name' | 'gitMode' | 'workspaceMode' | 'baseBranch' | 'tokenEnv'>>;

export async function updateProject(db: Executor, id: string, change: ProjectChange): Promise<Project | null> {
  if (Object.keys(change).length === 0) return getProject(db, id);
  const [row] = await db.update(project).set(change).where(eq(project.id, id)).returning();
  return row ?? null;
}

/** Notes how a project was found just now; null where it is gone. */
export async function noteSeen(db: Executor, seen: ProjectFacts): Promise<Project | null> {
  const [row] = await db
    .update(project)
    .set({ ...factsOf(seen), syncedAt: sql`now()` })
    .where(eq(project.id, seen.id))
    .returning();
  return row ?? null;
}

/** Notes that a project's repository could be reached and read. */
export async function noteSynced(db: Executor, id: string): Promise<void> {
  await db
    .update(project)
    .set({ syncedAt: sql`now()` })
    .where(eq(project.id, id));
}

/** Where a project is: at an address, or on this disk. */
export type At = Pick<Project, 'repoUrl' | 'localPath'>;

/** An address without the ways in which it may be written. */
const plain = (url: typeof project.repoUrl | string) => sql`regexp_replace(lower(${url}), '(\\.git)?/*$', '')`;

/** Makes what follows in this transaction the only one that settles which project is at that place. */
export async function lockPlace(tx: Executor, { repoUrl, localPath }: At): Promise<void> {
  const place = repoUrl === null ? sql`${localPath}::text` : plain(repoUrl);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${place}, 8))`);
}

/** A project at that place, other than one that the app was taken off: by address, however it is written, or by path. */
export async function findProjectAt(db: Executor, { repoUrl, localPath }: At): Promise<Project | null> {
  const isThere =
    repoUrl === null ? sql`${project.localPath} = ${localPath}` : sql`${plain(project.repoUrl)} = ${plain(repoUrl)}`;
  const [row] = await db
    .select()
    .from(project)
    .where(and(isNull(project.removedAt), isThere))
    .limit(1);
  return row ?? null;
}

/** Runs of a project, those first that are not over. */
export function listRunsToDelete(
  db: Executor,
  projectId: string,
  limit: number,
): Promise<{ id: string; endedAt: Date | null }[]> {
  return db
    .select({ id: run.id, endedAt: run.endedAt })
    .from(run)
    .where(eq(run.projectId, projectId))
    .orderBy(sql`${run.endedAt} is not null`)
    .limit(limit);
}

/** False where a run has come to it. */
export async function deleteProject(db: Executor, id: string): Promise<boolean> {
  const gone = await db
    .delete(project)
    .where(and(eq(project.id, id), notExists(db.select({ id: run.id }).from(run).where(eq(run.projectId, id)))))
    .returning({ id: project.id });
  return gone.length > 0;
}

export async function hasRuns(db: Executor, id: string): Promise<boolean> {
  return (await listRunsToDelete(db, id, 1)).length > 0;
}

/** What projects are called, by their ids. */
export async function namesOfProjects(db: Executor, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.select({ id: project.id, name: project.name }).from(project).where(inArray(project.id, ids));
  return new Map(rows.map(({ id, name }) => [id, name]));
}
