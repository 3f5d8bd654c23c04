import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, or, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { apiKey, session } from './schema.ts';

/** Keeps a session that is over in so many seconds; `keyId`: the key it was begun with, null with the admin's password. */
export async function insertSession(
  db: Executor,
  { hash, keyId, seconds }: { hash: string; keyId: string | null; seconds: number },
): Promise<void> {
  await db.insert(session).values({ hash, keyId, endsAt: sql`now() + ${seconds}::int * interval '1 second'` });
}

/** The key that a session was begun with, unless it was revoked. */
const itsKey = and(eq(apiKey.id, session.keyId), isNull(apiKey.revokedAt));
const isOpen = and(gt(session.endsAt, sql`now()`), or(isNull(session.keyId), isNotNull(apiKey.id)));

/** Who a session is of, `user` null for the admin; null where it is over, or its key was revoked. */
export async function findSession(
  db: Executor,
  hash: string,
): Promise<{ user: { id: number; login: string } | null } | null> {
  const [row] = await db
    .select({ id: apiKey.userId, login: apiKey.login })
    .from(session)
    .leftJoin(apiKey, itsKey)
    .where(and(eq(session.hash, hash), isOpen));
  if (!row) return null;
  const { id, login } = row;
  return { user: id === null || login === null ? null : { id, login } };
}

/** Which of these sessions still are. */
export async function listOpenSessions(db: Executor, hashes: string[]): Promise<string[]> {
  const rows = await db
    .select({ hash: session.hash })
    .from(session)
    .leftJoin(apiKey, itsKey)
    .where(and(inArray(session.hash, hashes), isOpen));
  return rows.map(({ hash }) => hash);
}

export async function deleteSession(db: Executor, hash: string): Promise<void> {
  await db.delete(session).where(eq(session.hash, hash));
}

/** Removes sessions that are over, at most `limit`. Gives how many. */
export async function deleteEndedSessions(db: Executor, limit: number): Promise<number> {
  const ended = db
    .select({ hash: session.hash })
    .from(session)
    .where(lte(session.endsAt, sql`now()`))
    .orderBy(asc(session.endsAt))
    .limit(limit);
  const gone = await db.delete(session).where(inArray(session.hash, ended)).returning({ hash: session.hash });
  return gone.length;
}
