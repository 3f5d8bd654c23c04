import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { apiKey } from './schema.ts';

export type ApiKey = typeof apiKey.$inferSelect;

export async function insertApiKey(db: Executor, row: typeof apiKey.$inferInsert): Promise<void> {
  await db.insert(apiKey).values(row);
}

/** The key with that hash, unless it was revoked. */
export async function findApiKey(db: Executor, sha256: string): Promise<ApiKey | null> {
  const [row] = await db
    .select()
    .from(apiKey)
    .where(and(eq(apiKey.sha256, sha256), isNull(apiKey.revokedAt)));
  return row ?? null;
}

/** Which of the keys with these ids were not revoked. */
export async function listValidKeys(db: Executor, ids: string[]): Promise<string[]> {
  const rows = await db
    .select({ id: apiKey.id })
    .from(apiKey)
    .where(and(inArray(apiKey.id, ids), isNull(apiKey.revokedAt)));
  return rows.map(({ id }) => id);
}

/** Notes that a key was used, unless that was noted within the last minute. */
export async function touchApiKey(db: Executor, id: string): Promise<void> {
  const longAgo = or(isNull(apiKey.lastUsedAt), sql`${apiKey.lastUsedAt} < now() - interval '1 minute'`);
  await db
    .update(apiKey)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiKey.id, id), longAgo));
}

/** All keys ever made, oldest first. */
export async function listApiKeys(db: Executor): Promise<ApiKey[]> {
  return db.select().from(apiKey).orderBy(asc(apiKey.createdAt), asc(apiKey.id));
}

/** Makes a key useless. False when there is none of that id that was not revoked before. */
export async function revokeApiKey(db: Executor, id: string): Promise<boolean> {
  const revoked = await db
    .update(apiKey)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiKey.id, id), isNull(apiKey.revokedAt)))
    .returning({ id: apiKey.id });
  return revoked.length > 0;
}
