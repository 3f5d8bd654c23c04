import { hasRuns } from '../db/projects.ts';
import { RUN_CHECK } from '../domain/checks.ts';
import { projectIdOf } from '../domain/project.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from '../runs/deps.ts';

/**
 * Answers for the check of a merge queue's commit, which would be waited for in vain where a repository requires it: the
 * pull requests in the queue have it already. Repositories that never had a run are left in peace.
 */
export async function answerMergeGroup(
  { db, adapters }: Pick<Deps, 'db' | 'adapters'>,
  repository: RepositoryRef,
  headSha: string,
): Promise<string> {
  if (!(await hasRuns(db, projectIdOf(repository)))) return 'ignored: there was no run here yet';
  const now = new Date();
  await adapters.github.upsertCheckRun(repository, {
    headSha,
    name: RUN_CHECK,
    externalId: `merge-group:${headSha}`,
    status: 'completed',
    conclusion: 'neutral',
    startedAt: now,
    completedAt: now,
    output: {
      title: 'Nothing to check in a merge queue',
      summary:
        'NOFX has checked its pull requests before they were queued; to the commits of the queue it adds nothing.',
    },
  });
  return 'answered: a merge queue';
}
