import { and, asc, eq, exists, gt, gte, inArray, isNull, lt, ne, notExists, or, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { COMMENT } from './effects.ts';
import type { Run } from './runs.ts';
import { delivery, effect, project, run, step } from './schema.ts';

/** The effect that stands for "people were told how the run ended". */
export const TOLD = 'told';

/** What having a run shown anew asks of it. */
type Announced = Pick<Run, 'id' | 'priority' | 'writer'>;
const announced = { id: run.id, priority: run.priority, writer: run.writer };

const ago = (ms: number) => sql`now() - ${ms}::float8 * interval '1 millisecond'`;

/**
 * Runs that ended from `since` on, `olderThanMs` ago or more, and whose end nobody was told yet; oldest first. Reads the
 * index of ended runs from `since` only, however many there are before.
 */
export async function listUntold(
  db: Executor,
  { since, olderThanMs, limit }: { since: Date; olderThanMs: number; limit: number },
): Promise<(Announced & { endedAt: Date })[]> {
  const told = db
    .select({ one: sql`1` })
    .from(effect)
    .where(and(eq(effect.runId, run.id), eq(effect.key, TOLD), sql`${effect.doneAt} is not null`));
  const rows = await db
    .select({ ...announced, endedAt: run.endedAt })
    .from(run)
    .where(and(gte(run.endedAt, since), lt(run.endedAt, ago(olderThanMs)), notExists(told)))
    .orderBy(asc(run.endedAt))
    .limit(limit);
  return rows.map(({ endedAt, ...row }) => ({ ...row, endedAt: endedAt! }));
}

/**
 * Runs that ended after `since`, `olderThanMs` ago or more, and have a comment on GitHub, and those of `also` that do; in the
 * order of their ends. Reads the index of ended runs from `since` only.
 */
export async function listEndedWithComment(
  db: Executor,
  { since, olderThanMs, also, limit }: { since: Date; olderThanMs: number; also: string[]; limit: number },
): Promise<(Announced & { projectId: string; endedAt: Date; commentId: number; inThread: boolean })[]> {
  const rows = await db
    .select({
      ...announced,
      projectId: run.projectId,
      endedAt: run.endedAt,
      commentId: sql<number>`(${effect.result}->>'id')::float8`,
      inThread: sql<boolean>`${run.source} ? 'threadId'`,
    })
    .from(run)
    .innerJoin(effect, and(eq(effect.runId, run.id), eq(effect.key, COMMENT), sql`${effect.result} is not null`))
    .where(
      and(
        or(gt(run.endedAt, since), also.length > 0 ? inArray(run.id, also) : undefined),
        lt(run.endedAt, ago(olderThanMs)),
      ),
    )
    .orderBy(asc(run.endedAt))
    .limit(limit);
  return rows.map(({ endedAt, ...row }) => ({ ...row, endedAt: endedAt! }));
}

/**
 * Open runs that nothing will ever move: no step of theirs is queued, running or waiting for a person, and no other run of
 * their lane has the turn or comes before them (behind one they wait with their steps pending).
 */
export async function listStuckRuns(db: Executor, limit: number): Promise<string[]> {
  const active = db
    .select({ one: sql`1` })
    .from(step)
    .where(and(eq(step.runId, run.id), inArray(step.status, ['queued', 'running', 'waiting'])));
  const rows = await db
    .select({ id: run.id })
    .from(run)
    .where(
      and(
        isNull(run.endedAt),
        notExists(active),
        sql`(${run.turnAt} is not null or not exists (
          select 1 from nofx.run ahead where ahead.lane = ${run.lane} and ahead.ended_at is null and ahead.status <> 'waiting'
            and (ahead.turn_at is not null or (ahead.created_at, ahead.id) < (${run.createdAt}, ${run.id}))))`,
      ),
    )
    .orderBy(asc(run.createdAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/**
 * Open runs that were opened longer ago than this, or have had the turn of their lane for so long. One that waits for a
 * person, or stands in line after that, is none: the first has a limit of its own, the second depends on others.
 */
export async function listOldRuns(db: Executor, olderThanMs: number, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: run.id })
    .from(run)
    .where(
      and(
        isNull(run.endedAt),
        lt(run.createdAt, ago(olderThanMs)),
        or(lt(run.turnAt, ago(olderThanMs)), and(isNull(run.turnAt), isNull(run.startedAt), ne(run.status, 'waiting'))),
      ),
    )
    .orderBy(asc(run.createdAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Which of these runs are here: by id, with whether they are over. */
export async function knownRuns(db: Executor, ids: string[]): Promise<Map<string, { ended: boolean; status: string }>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: run.id, status: run.status, endedAt: run.endedAt })
    .from(run)
    .where(inArray(run.id, ids));
  return new Map(rows.map(({ id, status, endedAt }) => [id, { ended: endedAt !== null, status }]));
}

/** Which of these deliveries are stored. */
export async function storedGuids(db: Executor, guids: string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < guids.length; at += 500) {
    const rows = await db
      .select({ guid: delivery.guid })
      .from(delivery)
      .where(inArray(delivery.guid, guids.slice(at, at + 500)));
    for (const { guid } of rows) found.add(guid);
  }
  return found;
}

/** Projects of the app's that had a run, in the order of their ids, from after one; for going round them bit by bit. */
export async function listProjectsAfter(
  db: Executor,
  after: string,
  limit: number,
): Promise<(typeof project.$inferSelect)[]> {
  return db
    .select()
    .from(project)
    .where(
      and(
        gt(project.id, after),
        sql`${project.installationId} is not null and ${project.removedAt} is null`,
        exists(db.select({ id: run.id }).from(run).where(eq(run.projectId, project.id))),
      ),
    )
    .orderBy(asc(project.id))
    .limit(limit);
}

/** Ids of projects with a run that is not over. */
export async function projectsAtWork(db: Executor): Promise<Set<string>> {
  const rows = await db.selectDistinct({ id: run.projectId }).from(run).where(isNull(run.endedAt));
  return new Set(rows.map(({ id }) => id));
}
