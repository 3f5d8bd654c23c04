import { and, asc, eq } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { excluded } from './excluded.ts';
import { artifact } from './schema.ts';

export type Artifact = typeof artifact.$inferSelect;

/** Records stored artifacts; a later attempt of the step replaces what an earlier one recorded. */
export async function upsertArtifacts(tx: Executor, rows: (typeof artifact.$inferInsert)[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insert(artifact)
    .values(rows)
    .onConflictDoUpdate({
      target: [artifact.stepId, artifact.name],
      set: excluded(artifact, 'path', 'driver', 'sha256', 'size', 'contentType'),
    });
}

export async function findArtifact(db: Executor, stepId: string, name: string): Promise<Artifact | null> {
  const [row] = await db
    .select()
    .from(artifact)
    .where(and(eq(artifact.stepId, stepId), eq(artifact.name, name)));
  return row ?? null;
}

export async function listArtifacts(db: Executor, runId: string): Promise<Artifact[]> {
  return db
    .select()
    .from(artifact)
    .where(eq(artifact.runId, runId))
    .orderBy(asc(artifact.createdAt), asc(artifact.path));
}
