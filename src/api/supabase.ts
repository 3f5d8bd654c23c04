import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Person } from '../domain/principal.ts';
import { RetryableError } from '../errors.ts';
import type { SupabaseAuth } from './env.ts';
import { createMemo } from './memo.ts';

/** As Supabase tells of a user: https://supabase.com/docs/guides/auth/identities */
const User = z.object({
  identities: z.array(
    z.object({
      provider: z.string(),
      identity_data: z.object({ provider_id: z.string(), user_name: z.string() }).partial().nullish(),
    }),
  ),
});

const TIMEOUT_MS = 10_000;

/**
 * Reads Supabase access tokens. The signature is checked here. Who the user is on GitHub is asked of Supabase, and not
 * read from the token: what it says of that (`user_metadata`) users may write themselves.
 */
export function createSupabaseReader({ url, serviceRoleKey, jwtSecret }: SupabaseAuth): {
  /** null where the token is not good, or its user has not signed in with GitHub */
  userOf(token: string): Promise<Person | null>;
} {
  const auth = `${url.replace(/\/$/, '')}/auth/v1`;
  const remote = createRemoteJWKSet(new URL(`${auth}/.well-known/jwks.json`), {
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: reach,
  });
  const shared = jwtSecret === undefined ? null : new TextEncoder().encode(jwtSecret);
  const options = { issuer: auth, audience: 'authenticated' };
  const verify = (token: string) =>
    shared === null
      ? jwtVerify(token, remote, { ...options, algorithms: ['ES256', 'RS256'] })
      : jwtVerify(token, shared, { ...options, algorithms: ['HS256'] });

  const ask = createMemo<Person | null>(60_000, async (id) => {
    const answer = await reach(`${auth}/admin/users/${encodeURIComponent(id)}`, {
      headers: { apikey: serviceRoleKey, authorization: `Bearer ${serviceRoleKey}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new RetryableError(`Supabase does not tell who that is (${answer.status}).`);
    const { identities } = User.parse(await answer.json());
    const github = identities.find(({ provider }) => provider === 'github')?.identity_data;
    if (!github?.user_name || !/^\d+$/.test(github.provider_id ?? '')) return null;
    return { kind: 'user', githubId: Number(github.provider_id), login: github.user_name };
  });

  return {
    async userOf(token) {
      try {
        const { payload } = await verify(token);
        return payload.sub === undefined ? null : await ask(payload.sub);
      } catch (error) {
        if (error instanceof errors.JWKSTimeout) throw silent(error);
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

/** What Supabase answers. RetryableError where it does not, or says that it cannot now. */
async function reach(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init).catch((cause: unknown) => {
    throw silent(cause);
  });
  if (answer.status >= 500) throw new RetryableError(`Supabase does not tell who that is (${answer.status}).`);
  return answer;
}

function silent(cause: unknown): RetryableError {
  return new RetryableError('Supabase does not answer.', { cause });
}
