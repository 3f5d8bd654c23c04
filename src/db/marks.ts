import { eq, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { watermark } from './schema.ts';

/** How far a periodic task has come, as it wrote it last; null before the first time. */
export async function readMark(db: Executor, name: string): Promise<Record<string, unknown> | null> {
  const [row] = await db.select({ value: watermark.value }).from(watermark).where(eq(watermark.name, name));
  return row?.value ?? null;
}

export async function writeMark(db: Executor, name: string, value: Record<string, unknown>): Promise<void> {
  const set = { value, updatedAt: sql`now()` };
  await db
    .insert(watermark)
    .values({ name, ...set })
    .onConflictDoUpdate({ target: watermark.name, set });
}

/** The database's clock, in seconds: processes' own may differ by minutes. */
const now = sql`extract(epoch from now())`;
const after = (ms: number) => sql`${now} + ${ms}::float8 / 1000`;
const due = sql`(${watermark.value} ->> 'due')::float8`;

export type Turn = { mine: true } | { mine: false; waitMs: number };

/**
 * Takes the next turn at a periodic task, for one process of all: `by` has it for `leaseMs`, or until `endTurn`. Where it
 * is not due, or somebody else's, says how long that lasts. A task that was never known is due after `firstMs`. `early`
 * takes a turn that is not due yet, though never somebody else's.
 */
export async function takeTurn(
  db: Executor,
  name: string,
  { by, leaseMs, firstMs, early }: { by: string; leaseMs: number; firstMs: number; early: boolean },
): Promise<Turn> {
  const key = `task ${name}`;
  await db
    .insert(watermark)
    .values({ name: key, value: sql`jsonb_build_object('by', null, 'due', ${after(firstMs)})` })
    .onConflictDoNothing();
  const taken = await db
    .update(watermark)
    .set({ value: sql`jsonb_build_object('by', ${by}::text, 'due', ${after(leaseMs)})`, updatedAt: sql`now()` })
    .where(
      sql`${watermark.name} = ${key} and (${due} <= ${now} or (${early}::boolean and ${watermark.value} ->> 'by' is null))`,
    )
    .returning({ name: watermark.name });
  if (taken.length > 0) return { mine: true };
  const [row] = await db
    .select({ waitMs: sql<number>`(1000 * (${due} - ${now}))::float8` })
    .from(watermark)
    .where(eq(watermark.name, key));
  return { mine: false, waitMs: Math.max(0, row?.waitMs ?? 0) };
}

/** Ends a turn; the next is due in `nextMs`. Changes nothing where the lease ran out and another process has it. */
export async function endTurn(db: Executor, name: string, by: string, nextMs: number): Promise<void> {
  await db
    .update(watermark)
    .set({ value: sql`jsonb_build_object('by', null, 'due', ${after(nextMs)})`, updatedAt: sql`now()` })
    .where(sql`${watermark.name} = ${`task ${name}`} and ${watermark.value} ->> 'by' = ${by}`);
}
