import type { Context, MiddlewareHandler } from 'hono';
import type { Principal } from '../domain/principal.ts';
import { addressOf } from './guesses.ts';
import { ApiProblem } from './problem.ts';

/** Requests that a principal may make to one process: so many at once, and so many a second for good. */
const BURST = 1_000;
const PER_SECOND = 20;

const MOST = 10_000;

type Bucket = { left: number; at: number };

type Principaled = { Variables: { principal: Principal | null } };

/** Holds back who asks too much. Behind `authenticated`: strangers have been turned away by then. */
export function rateLimited<E extends Principaled>({
  burst = BURST,
  perSecond = PER_SECOND,
} = {}): MiddlewareHandler<E> {
  const buckets = new Map<string, Bucket>();
  return async (c, next) => {
    const principal = c.get('principal') as Principal | null | undefined;
    if (!principal) return next();
    const key = keyOf(principal, c);
    const now = performance.now();
    const { left, at } = buckets.get(key) ?? { left: burst, at: now };
    const filled = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
    if (filled < 1) {
      const seconds = Math.ceil((1 - filled) / perSecond);
      throw new ApiProblem('too_many', { headers: { 'Retry-After': String(seconds) } });
    }
    buckets.delete(key);
    buckets.set(key, { left: filled - 1, at: now });
    // The first one has asked for nothing for longest.
    if (buckets.size > MOST) buckets.delete(buckets.keys().next().value!);
    return next();
  };
}

/** A link is opened by many. */
function keyOf(principal: Principal, c: Context): string {
  switch (principal.kind) {
    case 'admin':
      return 'admin';
    case 'user':
      return String(principal.githubId);
    case 'link':
      return `${principal.link} ${addressOf(c)}`;
  }
}
