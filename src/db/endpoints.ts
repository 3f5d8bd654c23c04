import { asc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { endpoint } from './schema.ts';

const { secret: _secret, ...shown } = getTableColumns(endpoint);

/** An endpoint without its secret, which is shown once, when it is made. */
export type Endpoint = Omit<typeof endpoint.$inferSelect, 'secret'>;

export async function insertEndpoint(db: Executor, row: typeof endpoint.$inferInsert): Promise<Endpoint> {
  const [inserted] = await db.insert(endpoint).values(row).returning(shown);
  return inserted!;
}

/** All endpoints, or those of a project alone, oldest first. */
export async function listEndpoints(
  db: Executor,
  { projectId }: { projectId?: string | undefined } = {},
): Promise<Endpoint[]> {
  return db
    .select(shown)
    .from(endpoint)
    .where(projectId === undefined ? undefined : eq(endpoint.projectId, projectId))
    .orderBy(asc(endpoint.createdAt), asc(endpoint.id));
}

export async function getEndpoint(db: Executor, id: string): Promise<Endpoint | null> {
  const [row] = await db.select(shown).from(endpoint).where(eq(endpoint.id, id));
  return row ?? null;
}

/** Where and with which key to send, for the sender only. */
export async function getEndpointKey(db: Executor, id: string): Promise<{ url: string; secret: string } | null> {
  const [row] = await db
    .select({ url: endpoint.url, secret: endpoint.secret })
    .from(endpoint)
    .where(eq(endpoint.id, id));
  return row ?? null;
}

/** Removes an endpoint with its messages and their log. False when there was none. */
export async function deleteEndpoint(db: Executor, id: string): Promise<boolean> {
  const deleted = await db.delete(endpoint).where(eq(endpoint.id, id)).returning({ id: endpoint.id });
  return deleted.length > 0;
}

/** Switches an endpoint on, its failures forgotten. */
export async function enableEndpoint(db: Executor, id: string): Promise<Endpoint | null> {
  const [row] = await db
    .update(endpoint)
    .set({ enabled: true, failures: 0, disabledReason: null })
    .where(eq(endpoint.id, id))
    .returning(shown);
  return row ?? null;
}

/** Switches an endpoint off; the first reason stays. */
export async function disableEndpoint(db: Executor, id: string, reason: string): Promise<Endpoint | null> {
  const [row] = await db
    .update(endpoint)
    .set({
      enabled: false,
      disabledReason: sql`case when ${endpoint.enabled} then ${reason} else ${endpoint.disabledReason} end`,
    })
    .where(eq(endpoint.id, id))
    .returning(shown);
  return row ?? null;
}

/** Counts a message that was given up; gives how many in a row that makes. */
export async function countGivenUp(tx: Executor, id: string): Promise<number> {
  const [row] = await tx
    .update(endpoint)
    .set({ failures: sql`${endpoint.failures} + 1` })
    .where(eq(endpoint.id, id))
    .returning({ failures: endpoint.failures });
  return row?.failures ?? 0;
}

/** A message arrived: the row of failures is broken. Writes only where there was one. */
export async function forgetFailures(tx: Executor, id: string): Promise<void> {
  await tx
    .update(endpoint)
    .set({ failures: 0 })
    .where(sql`${endpoint.id} = ${id} and ${endpoint.failures} > 0`);
}
