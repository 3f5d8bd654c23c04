import { z } from 'zod';
import { forgetContent } from '../db/effects.ts';
import { readMark, writeMark } from '../db/marks.ts';
import { getProject } from '../db/projects.ts';
import { listEndedWithComment } from '../db/reap.ts';
import { saysEnd } from '../domain/report.ts';
import { messageOf, UserError } from '../errors.ts';
import { repositoryOf } from '../handlers/access.ts';
import { announce } from '../runs/announce.ts';
import type { Deps } from '../runs/deps.ts';

/** By then the last update has been made, and whoever froze in the middle of an earlier one has woken up or died. */
const SETTLED_AFTER_MS = 10 * 60_000;
/** Nobody waits for the end of a run that ended before. */
const OLDEST_MS = 24 * 3_600_000;
const MOST = 100;

const MARK = 'comments';
/** How far it has come, and the runs before that whose comments could not be read yet. */
const Mark = z.object({ endedAt: z.number().default(0), later: z.array(z.string()).default([]) });

/**
 * Reads the comment of each run once after its end, as it stands on GitHub, and has one written anew that still says the
 * run goes on: a process that froze in an update and died on waking may have put an older text over the last one.
 * Where GitHub does not let us read, as at an installation's rate limit, the comments of that one writer have a later turn.
 */
export async function reapComments(
  { db, log, queue, adapters, progressEveryMs }: Deps,
  signal: AbortSignal,
  { settledAfterMs = SETTLED_AFTER_MS } = {},
): Promise<{ again: boolean; rewritten: number }> {
  const mark = Mark.parse((await readMark(db, MARK)) ?? {});
  const oldest = Date.now() - OLDEST_MS;
  const since = new Date(Math.max(mark.endedAt, oldest));
  const limit = MOST + mark.later.length;
  const runs = await listEndedWithComment(db, { since, also: mark.later, olderThanMs: settledAfterMs, limit });
  const later = new Set(runs.flatMap(({ id }) => (mark.later.includes(id) ? id : [])));
  const unread = new Set<string | null>();
  let { endedAt: done } = mark;
  let rewritten = 0;
  for (const run of runs) {
    const { id, endedAt, commentId, writer } = run;
    signal.throwIfAborted();
    const outdated = unread.has(writer) ? null : await isOutdated(run);
    later.delete(id);
    if (outdated === null) {
      unread.add(writer);
      if (endedAt.getTime() > oldest) later.add(id);
    }
    if (outdated) {
      log.warn({ run: id, comment: commentId }, 'a comment still said that its run goes on; it is written anew');
      await db.transaction(async (tx) => {
        await forgetContent(tx, id);
        await announce(tx, { queue, progressEveryMs }, run, 'now');
      });
      rewritten += 1;
    }
    // A time in the database is finer than a millisecond.
    done = Math.max(done, endedAt.getTime() + 1);
    await writeMark(db, MARK, { endedAt: done, later: [...later] });
  }
  return { again: runs.length === limit, rewritten };

  /** Null where that cannot be told for now. */
  async function isOutdated({ id, projectId, commentId, inThread }: (typeof runs)[number]): Promise<boolean | null> {
    const project = await getProject(db, projectId);
    if (!project || project.installationId === null) return false;
    try {
      const body = await adapters.github.commentBody(repositoryOf({ project }), commentId, { inThread });
      return body !== null && !saysEnd(body);
    } catch (error) {
      // Gone, archived, or no longer ours: nothing can be said there.
      if (error instanceof UserError) return false;
      signal.throwIfAborted();
      log.warn({ run: id, comment: commentId, reason: messageOf(error) }, 'a comment cannot be read for now');
      return null;
    }
  }
}
