import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, ne, or, sql, type SQL } from 'drizzle-orm';
import type { Cost, Usage } from '../domain/pricing.ts';
import type { Priorities } from '../domain/fair-turns.ts';
import type { Failure, RunStatus } from '../domain/run.ts';
import type { Executor } from './client.ts';
import { run } from './schema.ts';

export type Run = typeof run.$inferSelect;
export type NewRun = typeof run.$inferInsert;

/** Stores a run, its turn having come or not. Null when its trigger has opened one already. */
export async function insertRun(
  tx: Executor,
  row: Omit<NewRun, 'turnAt'>,
  { turn }: { turn: boolean },
): Promise<Run | null> {
  const [inserted] = await tx
    .insert(run)
    .values({ ...row, turnAt: turn ? sql`now()` : null })
    .onConflictDoNothing({ target: run.triggerKey })
    .returning();
  return inserted ?? null;
}

export async function getRun(db: Executor, id: string): Promise<Run | null> {
  const [row] = await db.select().from(run).where(eq(run.id, id));
  return row ?? null;
}

export async function findRunByTrigger(db: Executor, triggerKey: string): Promise<Run | null> {
  const [row] = await db.select().from(run).where(eq(run.triggerKey, triggerKey));
  return row ?? null;
}

/**
 * Locks a run until the transaction ends. Two steps that finish at the same time must not each see
 * the other as unfinished, or nobody starts what waits for both.
 */
export async function lockRun(tx: Executor, id: string): Promise<Run | null> {
  const [row] = await tx.select().from(run).where(eq(run.id, id)).for('update');
  return row ?? null;
}

/**
 * What becomes of a run's status, to be written by the statement that appends the event of it (`appendEvents`). The caller
 * holds the run's lock, and has seen that it is not so already.
 */
export const becomes = {
  running: () => sql`status = 'running', started_at = coalesce(started_at, now())`,
  /** waiting for a person, without the turn of its lane */
  waiting: () => sql`status = 'waiting', turn_at = null`,
  ended: (status: RunStatus, failure: Failure | null) =>
    sql`status = ${status}, failure = ${sql.param(failure, run.failure)}::jsonb, ended_at = now()`,
};

/** What the run has spent so far, and the pull request it came to. */
export async function recordOnRun(
  tx: Executor,
  id: string,
  facts: { usage?: Usage; cost?: Cost; pullRequest?: { number: number; url: string } },
): Promise<void> {
  if (Object.keys(facts).length > 0) await tx.update(run).set(facts).where(eq(run.id, id));
}

/** What the priority of a project's next run is measured against. */
export async function readPriorities(db: Executor, projectId: string): Promise<Priorities> {
  const { rows } = await db.execute<Record<'best' | 'worst' | 'newest', number | null>>(sql`
    select max(${run.priority})::int as best, min(${run.priority})::int as worst,
      (select priority from ${run} where project_id = ${projectId} order by created_at desc, id desc limit 1)::int as newest
    from ${run} where ${inLine}`);
  const { best, worst, newest } = rows[0]!;
  return { open: best === null || worst === null ? null : { best, worst }, newest };
}

/** Makes what follows in this transaction the only one at work on the lane: who is first is decided under it. */
export async function lockLane(tx: Executor, lane: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lane}, 7))`);
}

/** Not over, and nothing that only a person could move. */
const inLine = and(isNull(run.endedAt), ne(run.status, 'waiting'));

/** The runs of a lane that want its turn: first the one that has it, then the others, oldest first. */
export async function listLane(db: Executor, lane: string): Promise<Pick<Run, 'id' | 'turnAt' | 'createdAt'>[]> {
  return db
    .select({ id: run.id, turnAt: run.turnAt, createdAt: run.createdAt })
    .from(run)
    .where(and(eq(run.lane, lane), inLine))
    .orderBy(isNull(run.turnAt), asc(run.createdAt), asc(run.id));
}

/** The line of runs that one issue's are in: its runs take turns. */
export function laneOfIssue(projectId: string, issue: number): string {
  return `${projectId}#${issue}`;
}

/** The runs of a lane that are not over, those that wait for a person among them: first the one whose turn it is, then by age. */
export async function listOpenRuns(db: Executor, lane: string): Promise<Run[]> {
  return db
    .select()
    .from(run)
    .where(and(eq(run.lane, lane), isNull(run.endedAt)))
    .orderBy(isNull(run.turnAt), asc(run.createdAt), asc(run.id));
}

async function newestRun(db: Executor, where: SQL | undefined): Promise<Run | null> {
  const [row] = await db.select().from(run).where(where).orderBy(desc(run.createdAt), desc(run.id)).limit(1);
  return row ?? null;
}

/** The newest run of a lane that is over. */
export async function findLastRun(db: Executor, lane: string): Promise<Run | null> {
  return newestRun(db, and(eq(run.lane, lane), isNotNull(run.endedAt)));
}

/** What the runs of a lane were triggered by, of what begins so. */
export async function listTriggersOf(db: Executor, lane: string, prefix: string): Promise<string[]> {
  const rows = await db
    .select({ key: run.triggerKey })
    .from(run)
    .where(and(eq(run.lane, lane), sql`starts_with(${run.triggerKey}, ${prefix})`));
  return rows.map(({ key }) => key);
}

/** The newest run of a lane that came to a pull request. */
export async function findRunWithPullRequest(db: Executor, lane: string): Promise<Run | null> {
  return newestRun(db, and(eq(run.lane, lane), isNotNull(run.pullRequest)));
}

/** The newest run whose branch it is. */
export async function findRunOfBranch(db: Executor, projectId: string, branch: string): Promise<Run | null> {
  return newestRun(db, and(eq(run.projectId, projectId), eq(run.branch, branch)));
}

/** The run that opened a pull request. */
export async function findRunOfPullRequest(db: Executor, projectId: string, number: number): Promise<Run | null> {
  const [row] = await db
    .select()
    .from(run)
    .where(
      and(
        eq(run.projectId, projectId),
        isNotNull(run.pullRequest),
        sql`((${run.pullRequest} ->> 'number'))::int = ${number}`,
      ),
    )
    .orderBy(asc(run.createdAt))
    .limit(1);
  return row ?? null;
}

/** Notes when a pull request was merged, on every run of it; false where it is none of ours. */
export async function noteMerged(
  db: Executor,
  { projectId, number, at }: { projectId: string; number: number; at: Date },
): Promise<boolean> {
  const rows = await db
    .update(run)
    .set({ mergedAt: at })
    .where(
      and(
        eq(run.projectId, projectId),
        isNotNull(run.pullRequest),
        sql`((${run.pullRequest} ->> 'number'))::int = ${number}`,
      ),
    )
    .returning({ id: run.id });
  return rows.length > 0;
}

/** How many runs of its lane come before a run whose turn has not come. */
export async function countAhead(db: Executor, of: Pick<Run, 'lane' | 'createdAt'>): Promise<number> {
  const before = or(isNotNull(run.turnAt), lt(run.createdAt, of.createdAt));
  return db.$count(run, and(eq(run.lane, of.lane), inLine, before));
}

/** Gives a run the turn of its lane. The caller holds the locks of both. */
export async function giveTurn(tx: Executor, id: string): Promise<Date> {
  const [row] = await tx
    .update(run)
    .set({ turnAt: sql`now()` })
    .where(eq(run.id, id))
    .returning({ turnAt: run.turnAt });
  return row!.turnAt!;
}

/** Puts a run that waited for a person back in its line, for another round. */
export async function resumeRun(tx: Executor, id: string, priority: number): Promise<void> {
  await tx
    .update(run)
    .set({ status: 'queued', priority, round: sql`${run.round} + 1` })
    .where(eq(run.id, id));
}

/** Notes that somebody wants the run to stop. False when it is over, or somebody did before. */
export async function requestCancel(tx: Executor, id: string, by: string): Promise<boolean> {
  const asked = await tx
    .update(run)
    .set({ cancelRequestedAt: sql`now()`, cancelRequestedBy: by })
    .where(and(eq(run.id, id), isNull(run.endedAt), isNull(run.cancelRequestedAt)))
    .returning({ id: run.id });
  return asked.length > 0;
}

/** Those of the given runs that somebody wants to stop. */
export async function listCancelRequested(db: Executor, ids: string[]): Promise<string[]> {
  const rows = await db
    .select({ id: run.id })
    .from(run)
    .where(and(inArray(run.id, ids), isNotNull(run.cancelRequestedAt)));
  return rows.map(({ id }) => id);
}

/** The newest runs first. */
export async function listRuns(db: Executor, { open, limit }: { open: boolean; limit: number }): Promise<Run[]> {
  return db
    .select()
    .from(run)
    .where(open ? isNull(run.endedAt) : undefined)
    .orderBy(desc(run.createdAt))
    .limit(limit);
}
