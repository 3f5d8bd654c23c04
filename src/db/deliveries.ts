import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { storableBody } from '../domain/storable.ts';
import type { Executor } from './client.ts';
import { delivery } from './schema.ts';

export type Delivery = typeof delivery.$inferSelect;

/**
 * Stores a delivery in the inbox, its payload as the JSON it came in. False when its GUID was there already: a
 * redelivery.
 */
export async function insertDelivery(
  tx: Executor,
  { guid, event, body }: { guid: string; event: string; body: string },
): Promise<boolean> {
  const payload = sql`${storableBody(body)}::jsonb`;
  const inserted = await tx
    .insert(delivery)
    .values({ guid, event, payload })
    .onConflictDoNothing()
    .returning({ guid: delivery.guid });
  return inserted.length > 0;
}

export async function findDelivery(db: Executor, guid: string): Promise<Delivery | null> {
  const [row] = await db.select().from(delivery).where(eq(delivery.guid, guid));
  return row ?? null;
}

/**
 * Whether something that came before a delivery, and is about the same issue or pull request, has not been worked on yet. What
 * is given up counts as worked on; an hour is as long as GitHub has anybody wait.
 */
export async function hasEarlier(db: Executor, guid: string): Promise<boolean> {
  const earlier = alias(delivery, 'earlier');
  const about = ({ payload }: typeof delivery | typeof earlier) =>
    sql`array[${payload} -> 'repository' ->> 'id', coalesce(${payload} -> 'issue', ${payload} -> 'pull_request') ->> 'number']`;
  const found = await db
    .select({ guid: earlier.guid })
    .from(earlier)
    .innerJoin(delivery, eq(delivery.guid, guid))
    .where(
      and(
        isNull(earlier.processedAt),
        lt(earlier.receivedAt, delivery.receivedAt),
        gt(earlier.receivedAt, sql`now() - interval '1 hour'`),
        eq(about(earlier), about(delivery)),
      ),
    )
    .limit(1);
  return found.length > 0;
}

/** Has a delivery worked on anew: forgets what came of it. */
export async function reopenDelivery(tx: Executor, guid: string): Promise<boolean> {
  const open = await tx
    .update(delivery)
    .set({ processedAt: null, outcome: null })
    .where(eq(delivery.guid, guid))
    .returning({ guid: delivery.guid });
  return open.length > 0;
}

/** Notes what came of a delivery. */
export async function finishDelivery(db: Executor, guid: string, outcome: string): Promise<void> {
  await db
    .update(delivery)
    .set({ processedAt: sql`now()`, outcome })
    .where(eq(delivery.guid, guid));
}
