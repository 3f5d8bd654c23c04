import { and, eq, inArray, isNotNull, isNull, notExists, notInArray, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { endpoint, project, run } from './schema.ts';

/** The ids of the projects that an installation is known to have. */
export async function listInstalledIds(db: Executor, installationId: number): Promise<string[]> {
  const rows = await db
    .select({ id: project.id })
    .from(project)
    .where(and(eq(project.installationId, installationId), isNull(project.removedAt)));
  return rows.map(({ id }) => id);
}

/**
 * Lets projects go that the app was taken off. Those that something would be lost with stay, and say so: runs, endpoints, what
 * was settled. Gives how many are gone either way.
 */
export async function removeInstalled(tx: Executor, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const these = and(inArray(project.id, [...ids]), isNotNull(project.installationId));
  const gone = await tx
    .delete(project)
    .where(and(these, isBare(tx)))
    .returning({ id: project.id });
  const kept = await tx
    .update(project)
    .set({ removedAt: sql`coalesce(${project.removedAt}, now())` })
    .where(these)
    .returning({ id: project.id });
  return kept.length + gone.length;
}

/** The projects of installations that are not among these any more. */
export async function listOrphaned(db: Executor, installationIds: readonly number[]): Promise<string[]> {
  const others = installationIds.length > 0 ? notInArray(project.installationId, [...installationIds]) : undefined;
  const rows = await db
    .select({ id: project.id })
    .from(project)
    .where(and(isNotNull(project.installationId), isNull(project.removedAt), others));
  return rows.map(({ id }) => id);
}

/** Nothing that is not on GitHub is kept with it. */
function isBare(db: Executor) {
  return and(
    notExists(db.select({ id: run.id }).from(run).where(eq(run.projectId, project.id))),
    notExists(db.select({ id: endpoint.id }).from(endpoint).where(eq(endpoint.projectId, project.id))),
    isNull(project.baseBranch),
    eq(project.gitMode, 'basic'),
    eq(project.workspaceMode, 'worktree'),
  );
}
