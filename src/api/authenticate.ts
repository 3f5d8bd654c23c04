import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { findApiKey, touchApiKey } from '../db/api-keys.ts';
import type { ApiKey } from '../db/api-keys.ts';
import type { Executor } from '../db/client.ts';
import type { Person } from '../domain/principal.ts';
import { sameSecret } from '../domain/same-secret.ts';
import type { ApiDeps, ApiEnv } from './env.ts';
import { hashOf, isKey } from './keys.ts';
import { withLink } from './link.ts';
import { ApiProblem } from './problem.ts';
import { isFromOurPages } from './same-site.ts';
import { SESSION_COOKIE } from './sessions.ts';
import { createSupabaseReader } from './supabase.ts';

/** All that is told to strangers. Everything else needs a principal, whatever else is ever added here. */
const OPEN = ['/openapi.json', '/docs'];

/** Lets nobody pass whom it does not know. Every request to the API passes here. */
export function authenticated(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  const supabase = deps.supabase && createSupabaseReader(deps.supabase);

  const byHeader = async (c: Context<ApiEnv>, authorization: string): Promise<Person | null> => {
    const [, scheme = '', given = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? [];
    if (scheme.toLowerCase() === 'basic') return byPassword(c, deps, given);
    if (scheme.toLowerCase() !== 'bearer') return null;
    if (!isKey(given)) return (await supabase?.userOf(given)) ?? null;
    const key = await useKey(deps.db, given);
    if (key === null) return null;
    c.set('standing', { kind: 'key', id: key.id });
    return { kind: 'user', githubId: key.userId, login: key.login };
  };

  return async (c, next) => {
    if (c.req.method === 'GET' && OPEN.includes(c.req.path)) return next();
    const authorization = c.req.header('authorization');
    const principal =
      authorization === undefined ? withLink(c, deps, await byCookie(c, deps)) : await byHeader(c, authorization);
    if (principal === null) throw stranger(c);
    c.set('principal', principal);
    return next();
  };
}

/** Who signed in with this browser. */
export async function byCookie(c: Context, { sessions }: Pick<ApiDeps, 'sessions'>): Promise<Person | null> {
  const cookie = getCookie(c, SESSION_COOKIE);
  if (cookie === undefined) return null;
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  // A cookie comes along by itself: what changes something must say that it comes from here.
  if (!reads && !isFromOurPages(c)) return null;
  c.set('standing', sessions.standingOf(cookie));
  return sessions.principalOf(cookie);
}

/** The key that this is, if it opens anything; it is noted as used. */
export async function useKey(db: Executor, key: string): Promise<ApiKey | null> {
  const found = await findApiKey(db, hashOf(key));
  if (found !== null && Date.now() - (found.lastUsedAt?.getTime() ?? 0) > 60_000) await touchApiKey(db, found.id);
  return found;
}

/** Whether that is the admin's password. Who guesses is held back. */
export function isAdmin(c: Context, { adminPassword, guesses }: ApiDeps, given: string): boolean {
  guesses.allow(c);
  if (adminPassword !== null && sameSecret(given, adminPassword)) return true;
  guesses.note(c);
  return false;
}

function byPassword(c: Context, deps: ApiDeps, credentials: string): Person | null {
  const [, user, given = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return user === 'admin' && isAdmin(c, deps, given) ? { kind: 'admin' } : null;
}

function stranger(c: Context): ApiProblem {
  return new ApiProblem('unauthenticated', {
    detail: c.req.header('authorization') ? 'The Authorization header opens nothing here.' : undefined,
    next: 'Send `Authorization: Bearer nofx_…` with a key from `npm run nofx -- keys create`.',
    headers: { 'WWW-Authenticate': 'Bearer realm="NOFX", Basic realm="NOFX", charset="UTF-8"' },
  });
}
