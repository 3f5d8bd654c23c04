import { createRedactor } from '../domain/redact.ts';
import { InternalError, RetryableError, UserError } from '../errors.ts';
import { Unsent } from './requests.ts';

/**
 * Octokit's RequestError by its shape: several copies of the class may be installed.
 * https://github.com/octokit/request-error.js
 */
export type RequestError = Error & {
  status: number;
  request: { method: string; url: string };
  response?: { headers: Record<string, string | number | undefined>; data: unknown };
};

export function isRequestError(error: unknown): error is RequestError {
  return error instanceof Error && !(error instanceof Unsent) && typeof (error as RequestError).status === 'number';
}

export function hasStatus(error: unknown, ...statuses: number[]): error is RequestError {
  return isRequestError(error) && statuses.includes(error.status);
}

/** A 5xx, a timeout or a cut connection (Octokit gives these status 500): the request may have taken effect. */
export function mayHaveHappened(error: unknown): boolean {
  return isRequestError(error) && error.status >= 500;
}

/** 422 for a branch or pull request that is there already. */
export function alreadyExists(error: unknown): boolean {
  return hasStatus(error, 422) && /already exists/i.test(error.message);
}

/** GitHub's words for a repository without a commit. */
export function isEmptyRepository(error: unknown): boolean {
  return hasStatus(error, 409) && /empty/i.test(error.message);
}

/** GitHub asks for at least a minute after a secondary limit that names no time. */
const SECONDARY_LIMIT_MS = 60_000;

/**
 * What went wrong at GitHub as one of our three kinds. Errors that are ours already pass through.
 * `now` is the time in ms, to turn GitHub's reset time into a wait.
 * https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
export function translateError(error: unknown, now: number): Error {
  if (error instanceof UserError || error instanceof RetryableError || error instanceof InternalError) return error;
  if (!isRequestError(error)) {
    // auth-app throws plain errors for a key it cannot read.
    const cause = error instanceof Unsent ? error.cause : error;
    return new InternalError(`GitHub client: ${clean(cause)}`, { cause });
  }

  const where = `${error.request?.method ?? ''} ${path(error.request?.url)}`.trim();
  const said = clean(error);
  const limited = rateLimit(error, now);
  if (limited !== null) {
    return new RetryableError(`GitHub's rate limit is reached (${where}).`, { cause: error, retryAfterMs: limited });
  }
  switch (error.status) {
    case 401:
      return new UserError(
        `GitHub does not accept this app's credentials: ${said} (${where}).`,
        'Check APP_ID and PRIVATE_KEY, and the clock of the machine: GitHub refuses tokens from the future.',
        { cause: error, kind: 'permission' },
      );
    case 403:
      return forbidden(error, said, where);
    case 404:
      return new UserError(
        `GitHub has no such thing, or NOFX may not see it (${where}).`,
        'Check that the repository still exists and that the app is installed on it.',
        { cause: error, kind: 'repository' },
      );
    case 409:
      if (isEmptyRepository(error)) return emptyRepository(error);
      return new RetryableError(`GitHub reports a conflict: ${said} (${where}).`, { cause: error });
    case 410:
      return new UserError(
        `GitHub says this is gone for good: ${said} (${where}).`,
        'The issue was deleted, or issues are switched off for this repository.',
        { cause: error, kind: 'repository' },
      );
    case 422:
      return invalid(error, said, where);
    case 451:
      return new UserError(`GitHub has blocked access to this for legal reasons (${where}).`, 'Ask GitHub Support.', {
        cause: error,
      });
    case 408:
      return new RetryableError(`GitHub timed out: ${said} (${where}).`, { cause: error });
  }
  if (error.status >= 500)
    return new RetryableError(`GitHub is not answering properly: ${said} (${where}).`, { cause: error });
  return new InternalError(`GitHub refused a request of NOFX with ${error.status}: ${said} (${where}).`, {
    cause: error,
  });
}

function invalid(error: RequestError, said: string, where: string): Error {
  if (/not accessible to the parent installation/i.test(said)) {
    return new UserError(
      'The app is no longer installed on this repository.',
      'Install the app on it, then ask again.',
      { cause: error, kind: 'permission' },
    );
  }
  if (/permissions requested are not granted/i.test(said)) return missingPermission(error, where);
  if (/rule violations|protected branch/i.test(said)) {
    return new UserError(
      `The repository's rules forbid this: ${said} (${where}).`,
      'Let the app bypass the rule, or leave the branches `nofx/**` out of it.',
      { cause: error, kind: 'protected_branch' },
    );
  }
  return new InternalError(`GitHub refused a request of NOFX with 422: ${said} (${where}).`, { cause: error });
}

function missingPermission(error: RequestError, where: string): UserError {
  return new UserError(
    `The app lacks a permission for this (${where}).`,
    "An owner must accept the app's permissions under Settings → GitHub Apps → Configure; app.yml lists them.",
    { cause: error, kind: 'permission' },
  );
}

function forbidden(error: RequestError, said: string, where: string): Error {
  if (/suspended/i.test(said)) {
    return new UserError(
      'This installation of the app is suspended.',
      'An owner can unsuspend it under Settings → GitHub Apps → Configure.',
      { cause: error, kind: 'permission' },
    );
  }
  if (/archived/i.test(said)) return archivedRepository(error);
  if (/not accessible by integration/i.test(said)) return missingPermission(error, where);
  if (/issue is locked|conversation is locked/i.test(said)) {
    return new UserError('The conversation is locked, so NOFX cannot answer in it.', 'Unlock it, then ask again.', {
      cause: error,
    });
  }
  return new UserError(
    `GitHub forbids this: ${said} (${where}).`,
    "Check the app's permissions and the repository's rules.",
    { cause: error, kind: 'permission' },
  );
}

export function archivedRepository(cause?: unknown): UserError {
  return new UserError(
    'The repository is archived, so nothing can be pushed.',
    'Unarchive it in its settings, then ask again.',
    { cause, kind: 'repository' },
  );
}

export function emptyRepository(cause?: unknown): UserError {
  return new UserError(
    'The repository is empty: there is no commit to work from.',
    'Push a first commit to the default branch, then ask again.',
    { cause, kind: 'repository' },
  );
}

/** What GraphQL refuses it answers with status 200: a rate limit as REST would tell of it, so that it is taken for one. */
export function limitOfGraphql(error: unknown, { type, message }: { type: string; message: string }): Error | null {
  // Both spellings are in use, and a secondary limit has neither.
  if (!/^RATE_LIMIT(ED)?$/.test(type) && !SAYS_LIMIT.test(message)) return null;
  const { headers = {} } = error as { headers?: NonNullable<RequestError['response']>['headers'] };
  const told = { status: 429, request: { method: 'POST', url: '/graphql' }, response: { headers, data: null } };
  return Object.assign(new Error(message, { cause: error }), told);
}

const SAYS_LIMIT = /rate limit|submitted too quickly|abuse detection/i;

/**
 * How long to wait (ms) where this is a rate limit, else null.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function rateLimit(error: RequestError, now: number): number | null {
  if (error.status !== 403 && error.status !== 429) return null;
  const headers = error.response?.headers ?? {};
  const retryAfter = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(retryAfter)) return Math.max(1_000, retryAfter * 1_000);
  const reset = Number(headers['x-ratelimit-reset']);
  if (
    headers['x-ratelimit-remaining'] !== undefined &&
    Number(headers['x-ratelimit-remaining']) === 0 &&
    Number.isFinite(reset)
  ) {
    // The reset is told by GitHub's clock, and ours may be minutes off. A second more, for it is a whole second.
    const theirs = Date.parse(String(headers['date']));
    return Math.max(1_000, reset * 1_000 - (Number.isNaN(theirs) ? now : theirs) + 1_000);
  }
  if (error.status === 429 || SAYS_LIMIT.test(error.message)) return SECONDARY_LIMIT_MS;
  return null;
}

const redact = createRedactor(() => []);

/** GitHub's own words without what follows for developers, and without anything secret. */
function clean(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return redact(message.replace(/ - https:\/\/docs\.github\.com\S*$/, '')).slice(0, 500);
}

function path(url: string | undefined): string {
  return url === undefined ? '' : redact(url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, ''));
}
