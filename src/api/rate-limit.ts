import type { MiddlewareHandler } from 'hono';
import { nameOf, type Principal } from '../domain/principal.ts';
import type { ApiEnv } from './env.ts';
import { ApiProblem } from './problem.ts';

/** Requests that a principal may make to one process: so many at once, and so many a second for good. */
const BURST = 1_000;
const PER_SECOND = 20;

type Bucket = { left: number; at: number };

/** Holds back who asks too much. Behind `authenticated`: strangers have been turned away by then. */
export function rateLimited({ burst = BURST, perSecond = PER_SECOND } = {}): MiddlewareHandler<ApiEnv> {
  const buckets = new Map<string, Bucket>();
  return async (c, next) => {
    const principal = c.get('principal') as Principal | undefined;
    if (principal === undefined) return next();
    const key = principal.kind === 'user' ? String(principal.githubId) : nameOf(principal);
    const now = performance.now();
    const { left, at } = buckets.get(key) ?? { left: burst, at: now };
    const filled = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
    if (filled < 1) {
      const seconds = Math.ceil((1 - filled) / perSecond);
      throw new ApiProblem('too_many', { headers: { 'Retry-After': String(seconds) } });
    }
    buckets.set(key, { left: filled - 1, at: now });
    return next();
  };
}
