import { createHmac, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { findApiKeyById } from '../db/api-keys.ts';
import type { Executor } from '../db/client.ts';
import { derivedKey } from '../domain/derived-key.ts';
import type { Person } from '../domain/principal.ts';
import { sameSecret } from '../domain/same-secret.ts';

/** The cookie of a session; its value says who it is and is signed. */
export const SESSION_COOKIE = 'nofx_session';
export const SESSION_SECONDS = 12 * 60 * 60;

/** Who a session is of: the admin, or whoever a key was made for, as long as that key is not revoked. */
export type SignedIn = { kind: 'admin' } | { kind: 'key'; keyId: string };

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Sessions of browsers. They are kept nowhere: the key that signs them is made of secrets which all processes share, the
 * admin's password among them, so that changing it ends them all.
 */
export function createSessions({ db, secrets }: { db: Executor; secrets: readonly string[] }) {
  const key = derivedKey(secrets, 'session');
  const formKey = derivedKey(secrets, 'form');
  const formToken = (session: string) => createHmac('sha256', formKey).update(session).digest('base64url');

  return {
    /** The value of a new session's cookie. */
    begin: (who: SignedIn): Promise<string> =>
      new SignJWT({ who })
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience('session')
        .setJti(randomBytes(9).toString('base64url'))
        .setIssuedAt()
        .setExpirationTime(`${SESSION_SECONDS}s`)
        .sign(key),

    /** Who a cookie is of; null where it is not ours, is over, or its key was revoked. */
    async principalOf(cookie: string): Promise<Person | null> {
      const verified = await jwtVerify<{ who: SignedIn }>(cookie, key, {
        algorithms: ['HS256'],
        audience: 'session',
      }).catch(() => null);
      if (verified === null) return null;
      const { who } = verified.payload;
      if (who.kind === 'admin') return { kind: 'admin' };
      const found = await findApiKeyById(db, who.keyId);
      return found && { kind: 'user', githubId: found.userId, login: found.login };
    },

    /** What the forms of a page carry to show that it was this page, in this browser, which sent them. */
    formToken,
    isFormToken: (session: string, given: string): boolean => sameSecret(given, formToken(session)),
  };
}
