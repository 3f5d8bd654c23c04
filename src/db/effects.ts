import { and, eq, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { effect } from './schema.ts';

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

/** Everything done for a run so far, by key. */
export async function listEffects(db: Executor, runId: string): Promise<Map<string, Record<string, unknown>>> {
  const rows = await db.select().from(effect).where(eq(effect.runId, runId));
  return new Map(rows.flatMap((row) => (row.result ? [[row.key, row.result] as const] : [])));
}
