import type { Context, MiddlewareHandler } from 'hono';
import { findApiKey, touchApiKey } from '../db/api-keys.ts';
import type { Executor } from '../db/client.ts';
import type { Principal } from '../domain/principal.ts';
import { sameSecret } from '../domain/same-secret.ts';
import type { ApiDeps, ApiEnv } from './env.ts';
import { hashOf, isKey } from './keys.ts';
import { ApiProblem } from './problem.ts';
import { createSupabaseReader } from './supabase.ts';

/** All that is told to strangers. Everything else needs a principal, whatever else is ever added here. */
const OPEN = ['/openapi.json', '/docs'];

/** Lets nobody pass whom it does not know. Every request to the API passes here. */
export function authenticated(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  const supabase = deps.supabase && createSupabaseReader(deps.supabase);
  return async (c, next) => {
    if (c.req.method === 'GET' && OPEN.includes(c.req.path)) return next();
    const [, scheme = '', given = ''] = /^(\S+) +(\S+)$/.exec(c.req.header('authorization') ?? '') ?? [];
    const principal =
      scheme.toLowerCase() === 'basic'
        ? admin(given, deps.adminPassword)
        : scheme.toLowerCase() !== 'bearer'
          ? null
          : isKey(given)
            ? await userOfKey(deps.db, given)
            : ((await supabase?.userOf(given)) ?? null);
    if (principal === null) throw stranger(c);
    c.set('principal', principal);
    return next();
  };
}

function stranger(c: Context): ApiProblem {
  return new ApiProblem('unauthenticated', {
    detail: c.req.header('authorization') ? 'The Authorization header opens nothing here.' : undefined,
    next: 'Send `Authorization: Bearer nofx_…` with a key from `npm run nofx -- keys create`.',
    headers: { 'WWW-Authenticate': 'Bearer realm="NOFX", Basic realm="NOFX", charset="UTF-8"' },
  });
}

function admin(credentials: string, password: string | null): Principal | null {
  const [, user, given] = /^([^:]*):(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password !== null && user === 'admin' && sameSecret(given ?? '', password) ? { kind: 'admin' } : null;
}

async function userOfKey(db: Executor, key: string): Promise<Principal | null> {
  const found = await findApiKey(db, hashOf(key));
  if (found === null) return null;
  if (Date.now() - (found.lastUsedAt?.getTime() ?? 0) > 60_000) await touchApiKey(db, found.id);
  return { kind: 'user', githubId: found.userId, login: found.login };
}
