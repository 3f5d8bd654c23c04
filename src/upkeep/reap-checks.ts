import { runOfCheck } from '../domain/checks.ts';
import { readMark, writeMark } from '../db/marks.ts';
import { knownRuns, listProjectsAfter } from '../db/reap.ts';
import { UserError } from '../errors.ts';
import { repositoryOf } from '../handlers/access.ts';
import type { Deps } from '../runs/deps.ts';

/** Repositories in one turn. Hourly, a thousand of them are gone round in eight days: before the checks go stale. */
const REPOSITORIES = 5;
/** A check younger than this is left alone: its run may be about to be told of, or the database behind. */
const YOUNG_MS = 3_600_000;

const MARK = 'checks';

/**
 * Completes check runs of ours that nobody will: their run has ended (or GitHub opened them again), or is not known here
 * (its row went with retention or a lost database). Goes round the repositories a few at a time.
 */
export async function reapChecks(
  { db, log, adapters }: Pick<Deps, 'db' | 'log' | 'adapters'>,
  signal: AbortSignal,
  { youngMs = YOUNG_MS } = {},
): Promise<{ again: boolean; closed: number }> {
  const mark = (await readMark(db, MARK))?.['after'];
  const after = typeof mark === 'string' ? mark : '';
  const projects = await listProjectsAfter(db, after, REPOSITORIES);
  let closed = 0;
  for (const project of projects) {
    signal.throwIfAborted();
    try {
      closed += await closeIn(repositoryOf({ project }));
    } catch (error) {
      signal.throwIfAborted();
      // Gone, archived, or no longer ours: nothing can be said there. What GitHub fails at for now has its turn in the next round.
      const level = error instanceof UserError ? 'debug' : 'warn';
      log[level]({ project: project.id, err: error }, 'checks of this repository cannot be reached');
    }
  }
  await writeMark(db, MARK, { after: projects.length < REPOSITORIES ? '' : projects.at(-1)!.id });
  return { again: false, closed };

  async function closeIn(repository: ReturnType<typeof repositoryOf>): Promise<number> {
    const checks = await adapters.github.listOpenChecks(repository, signal);
    const owners = checks.map((check) => ({ check, runId: runOfCheck(check.externalId) }));
    const runs = await knownRuns(db, [...new Set(owners.flatMap(({ runId }) => runId ?? []))]);
    let count = 0;
    for (const { check, runId } of owners) {
      if (runId === null || (check.startedAt && Date.now() - check.startedAt.getTime() < youngMs)) continue;
      const run = runs.get(runId);
      if (run && !run.ended) continue;
      signal.throwIfAborted();
      await adapters.github.cancelCheck(repository, check.id, why(runId, run?.status));
      log.info(
        { run: runId, check: check.id, sha: check.headSha, known: run !== undefined },
        'closed a check that was left open',
      );
      count += 1;
    }
    return count;
  }
}

function why(runId: string, status: string | undefined): { title: string; summary: string } {
  const summary = status
    ? `The run \`${runId}\` ended (${status}) while this check was left open, so it is closed now. The run's comment tells the whole story.`
    : `NOFX no longer knows the run \`${runId}\` that this check belongs to: its data was removed or lost. What came of it cannot be told from here. Comment the command again for a new run.`;
  return { title: 'Closed: nothing was going on here any more', summary };
}
