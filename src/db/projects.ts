import { and, asc, eq, getTableColumns, gt, isNull, sql } from 'drizzle-orm';
import type { Project, ProjectFacts } from '../domain/project.ts';
import type { Executor } from './client.ts';
import { project, run } from './schema.ts';

/**
 * Stores a project, or brings the stored one up to date: names, owners and default branches change. What somebody has
 * settled for it stays.
 */
export async function upsertProject(tx: Executor, row: ProjectFacts): Promise<void> {
  const { name, repoUrl, defaultBranch, installationId, repositoryId } = row;
  const seen = { name, repoUrl, defaultBranch, installationId, repositoryId, removedAt: null };
  await tx.insert(project).values(row).onConflictDoUpdate({ target: project.id, set: seen });
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

/** Notes that a project's repository could be reached and read; the first time counts. */
export async function noteSynced(db: Executor, id: string): Promise<void> {
  await db
    .update(project)
    .set({ syncedAt: sql`now()` })
    .where(and(eq(project.id, id), isNull(project.syncedAt)));
}
