import { UserError } from '../errors.ts';
import { hasStatus, isRequestError, rateLimit } from './errors.ts';

/** An answer of GitHub's to a personal token: what is refused, or kept from sight, is the token's matter. Anything else as it was. */
export function refusedToken(error: unknown, tokenEnv: string): unknown {
  if (!isRequestError(error) || rateLimit(error, Date.now()) !== null || /archived/i.test(error.message)) return error;
  if (hasStatus(error, 401)) {
    return new UserError(
      `GitHub does not accept the token in ${tokenEnv}.`,
      'It may have run out: put a new one into that variable of the server, and start it again.',
      { cause: error, kind: 'permission' },
    );
  }
  if (!hasStatus(error, 403, 404)) return error;
  return new UserError(
    `GitHub has no such thing, or the token in ${tokenEnv} may not do that.`,
    'A fine-grained token needs “Contents” and “Pull requests” (read and write) for the repository; a classic one “repo”.',
    { cause: error, kind: 'permission' },
  );
}
