import { forgetContent } from '../db/effects.ts';
import { readMark, writeMark } from '../db/marks.ts';
import { getProject } from '../db/projects.ts';
import { listEndedWithComment } from '../db/reap.ts';
import { saysEnd } from '../domain/report.ts';
import { UserError } from '../errors.ts';
import { repositoryOf } from '../handlers/access.ts';
import { announce } from '../runs/announce.ts';
import type { Deps } from '../runs/deps.ts';

/** By then the last update has been made, and whoever froze in the middle of an earlier one has woken up or died. */
const SETTLED_AFTER_MS = 10 * 60_000;
/** Nobody waits for the end of a run that ended before. */
const OLDEST_MS = 24 * 3_600_000;
const MOST = 100;

const MARK = 'comments';

/**
 * Reads the comment of each run once after its end, as it stands on GitHub, and has one written anew that still says the
 * run goes on: a process that froze in an update and died on waking may have put an older text over the last one.
 */
export async function reapComments(
  { db, log, queue, adapters, progressEveryMs }: Deps,
  signal: AbortSignal,
  { settledAfterMs = SETTLED_AFTER_MS } = {},
): Promise<{ again: boolean; rewritten: number }> {
  const mark = Number((await readMark(db, MARK))?.['endedAt'] ?? 0);
  const since = new Date(Math.max(mark, Date.now() - OLDEST_MS));
  const runs = await listEndedWithComment(db, { since, olderThanMs: settledAfterMs, limit: MOST });
  let rewritten = 0;
  for (const run of runs) {
    const { id, projectId, endedAt, commentId, inThread } = run;
    signal.throwIfAborted();
    if (await isOutdated(projectId, commentId, inThread)) {
      log.warn({ run: id, comment: commentId }, 'a comment still said that its run goes on; it is written anew');
      await db.transaction(async (tx) => {
        await forgetContent(tx, id);
        await announce(tx, { queue, progressEveryMs }, run, 'now');
      });
      rewritten += 1;
    }
    // A time in the database is finer than a millisecond.
    await writeMark(db, MARK, { endedAt: endedAt.getTime() + 1 });
  }
  return { again: runs.length === MOST, rewritten };

  async function isOutdated(projectId: string, commentId: number, inThread: boolean): Promise<boolean> {
    const project = await getProject(db, projectId);
    if (!project || project.installationId === null) return false;
    try {
      const body = await adapters.github.commentBody(repositoryOf({ project }), commentId, { inThread });
      return body !== null && !saysEnd(body);
    } catch (error) {
      // Gone, archived, or no longer ours: nothing can be said there.
      if (error instanceof UserError) return false;
      throw error;
    }
  }
}
