import { and, asc, eq, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { effect } from './schema.ts';

/** The effect that is a run's comment: `{ id, url, hash }`, with the hash of what it says. */
export const COMMENT = 'comment';

/** Records the intent to do something to the outside world; gives the result when it was done before. */
export async function beginEffect(db: Executor, runId: string, key: string): Promise<Record<string, unknown> | null> {
  await db.insert(effect).values({ runId, key }).onConflictDoNothing();
  const [row] = await db
    .select({ result: effect.result })
    .from(effect)
    .where(and(eq(effect.runId, runId), eq(effect.key, key)));
  return row?.result ?? null;
}

export async function finishEffect(
  db: Executor,
  runId: string,
  key: string,
  result: Record<string, unknown>,
): Promise<void> {
  await db
    .update(effect)
    .set({ result, doneAt: sql`now()` })
    .where(and(eq(effect.runId, runId), eq(effect.key, key)));
}

/** Has a run's comment written again whatever it is known to say. */
export async function forgetContent(tx: Executor, runId: string): Promise<void> {
  await tx
    .update(effect)
    .set({ result: sql`${effect.result} - 'hash'` })
    .where(and(eq(effect.runId, runId), eq(effect.key, COMMENT)));
}

/** Milliseconds since something was last done for a run under this key; null where it never was. */
export async function sinceEffect(db: Executor, runId: string, key: string): Promise<number | null> {
  const [row] = await db
    .select({ ms: sql<number | null>`(1000 * extract(epoch from now() - ${effect.doneAt}))::float8` })
    .from(effect)
    .where(and(eq(effect.runId, runId), eq(effect.key, key)));
  return row?.ms ?? null;
}

/** Everything done for a run so far, by key, in the order in which it was done. */
export async function listEffects(db: Executor, runId: string): Promise<Map<string, Record<string, unknown>>> {
  const rows = await db.select().from(effect).where(eq(effect.runId, runId)).orderBy(asc(effect.doneAt));
  return new Map(rows.flatMap((row) => (row.result ? [[row.key, row.result] as const] : [])));
}
