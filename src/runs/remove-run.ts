import { listArtifacts } from '../db/artifacts.ts';
import { deleteArtifact, deleteRun } from '../db/retention.ts';
import type { Deps } from './deps.ts';

/**
 * Removes a run that is over, with all that there is of it. An artifact's bytes go before its row: if this ends between the
 * two, the row still says what to remove.
 */
export async function removeRun(
  { db, adapters }: Pick<Deps, 'db' | 'adapters'>,
  id: string,
): Promise<{ removed: boolean; artifacts: number }> {
  const artifacts = await listArtifacts(db, id);
  for (const { id: artifactId, ...ref } of artifacts) {
    await adapters.artifacts.remove(ref);
    await deleteArtifact(db, artifactId);
  }
  return { removed: await deleteRun(db, id), artifacts: artifacts.length };
}
