import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { FailureKind } from './domain/run.ts';

/**
 * The three kinds of failure NOFX knows. What is expected (a refusal, a failing test) is a value,
 * not an error; these are for the rest.
 */

type Options = { cause?: unknown };

/** What a failure is about that a person can mend; see FailureKind. */
export type UserErrorKind = Exclude<FailureKind, 'gate' | 'rate_limit' | 'timeout' | 'internal'>;

/**
 * Something the person can mend: wrong configuration, missing permission, a protected path.
 * Never retried. `message` says what is wrong; `next` says what to do about it. Both are shown.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly next: string;
  readonly kind: UserErrorKind;

  constructor(message: string, next: string, options: Options & { kind?: UserErrorKind } = {}) {
    super(message, options);
    this.next = next;
    this.kind = options.kind ?? 'configuration';
  }
}

/**
 * A fault that time may mend: a rate limit, a 502, a lost connection. The job is retried.
 * `retryAfterMs` is the least time to wait when the other side named one.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: Options & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A mistake of ours. Retried a few times, then reported with the run's id. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

/** The error's own words, whatever was thrown. */
export function messageOf(error: unknown): string {
  const told = withoutQuery(error);
  return told instanceof Error ? told.message : String(told);
}

/**
 * Of a query that failed what the database said. Drizzle's error around it has the statement and every value for a
 * message: a whole webhook, or what a model wrote, for anybody to read.
 */
export function withoutQuery(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new InternalError(String(thrown), { cause: thrown });
}
