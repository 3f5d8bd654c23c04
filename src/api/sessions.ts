import { createHmac, randomBytes } from 'node:crypto';
import type { Executor } from '../db/client.ts';
import { deleteSession, findSession, insertSession } from '../db/sessions.ts';
import { derivedKey } from '../domain/derived-key.ts';
import type { Person } from '../domain/principal.ts';
import { sameSecret } from '../domain/same-secret.ts';
import type { Standing } from './standing.ts';

/** The cookie of a session; its value is a secret, and says nothing by itself. */
export const SESSION_COOKIE = 'nofx_session';
export const SESSION_SECONDS = 12 * 60 * 60;

/** Who a session is of: the admin, or whoever a key was made for, as long as that key is not revoked. */
export type SignedIn = { kind: 'admin' } | { kind: 'key'; keyId: string };

export type Sessions = ReturnType<typeof createSessions>;

const BYTES = 32;
const COOKIE = /^[\w-]{43}$/;

/**
 * Sessions of browsers, kept in the database, so that every process knows them and signing out ends them at all. There they
 * go by a hash whose key is made of secrets that all processes share, the admin's password among them: who reads the database
 * has no session, and changing the password ends them all.
 */
export function createSessions({ db, secrets }: { db: Executor; secrets: readonly string[] }) {
  const keyed = (purpose: string) => {
    const key = derivedKey(secrets, purpose);
    return (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  };
  const hashOf = keyed('session');
  const formToken = keyed('form');

  return {
    /** The value of a new session's cookie. */
    async begin(who: SignedIn): Promise<string> {
      const cookie = randomBytes(BYTES).toString('base64url');
      const keyId = who.kind === 'admin' ? null : who.keyId;
      await insertSession(db, { hash: hashOf(cookie), keyId, seconds: SESSION_SECONDS });
      return cookie;
    },

    /** Who a cookie is of; null where it is none of ours, its session is over, or its key was revoked. */
    async principalOf(cookie: string): Promise<Person | null> {
      const found = COOKIE.test(cookie) ? await findSession(db, hashOf(cookie)) : null;
      if (found === null) return null;
      return found.user === null
        ? { kind: 'admin' }
        : { kind: 'user', githubId: found.user.id, login: found.user.login };
    },

    /** What lets in whoever has a cookie. */
    standingOf: (cookie: string): Standing => ({ kind: 'session', id: hashOf(cookie) }),

    /** Ends a session, wherever its cookie may be. */
    end: (cookie: string): Promise<void> => deleteSession(db, hashOf(cookie)),

    /** What the forms of a page carry to show that it was this page, in this browser, which sent them. */
    formToken,
    isFormToken: (session: string, given: string): boolean => sameSecret(given, formToken(session)),
  };
}
