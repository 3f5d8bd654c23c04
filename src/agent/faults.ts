import { AnthropicError, APIConnectionError, APIError } from '@anthropic-ai/sdk/core/error';
import { messageOf, RetryableError, UserError } from '../errors.ts';
import { retryAfterMs } from './wire.ts';

/** What to do about an error from the model's side. */
export type Verdict =
  /** The reply broke off on its way: ask again with the same messages. */
  { kind: 'ask again'; error: RetryableError } | { kind: 'context window' } | { kind: 'throw'; error: Error };

/**
 * Sorts errors by what can be done. Statuses and types: https://platform.claude.com/docs/en/api/errors.
 * Before a status gets here, the SDK has retried those that may pass (408, 409, 429, 5xx, no connection).
 * `secret` is taken out of every text.
 */
export function judge(error: unknown, context: { model: string; secret: string }): Verdict {
  const cause = withoutSecret(error, context.secret);
  const words = wordsOf(error, context.secret);
  const later = (message: string, retryAfter?: number) =>
    new RetryableError(message, { cause, ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }) });
  const person = (message: string, next: string): Verdict => ({
    kind: 'throw',
    error: new UserError(message, next, { cause }),
  });

  if (error instanceof APIConnectionError)
    return { kind: 'throw', error: later(`The model API cannot be reached: ${words}`) };
  if (error instanceof APIError) {
    const status = error.status ?? STATUS_OF_TYPE[error.type ?? ''];
    // Without a status of its own it came inside of a stream.
    if (error.status === undefined && (status === undefined || mayPass(status))) {
      return { kind: 'ask again', error: later(`The model API broke off its reply: ${words}`) };
    }
    if (status === undefined || mayPass(status)) {
      return { kind: 'throw', error: later(`The model API answered ${status}: ${words}`, retryAfterMs(error.headers)) };
    }
    if (status === 413 || (status === 400 && /prompt is too long|exceed.*context (window|limit)/i.test(words)))
      return { kind: 'context window' };
    if (status === 401)
      return person('The model API does not accept the key.', 'Set ANTHROPIC_API_KEY to a valid key and try again.');
    if (status === 402 || /credit balance/i.test(words))
      return person(
        `The model API wants payment first: ${words}`,
        'Check the billing of the Anthropic account, then try again.',
      );
    if (status === 403)
      return person(
        `The key may not use the model ${context.model}: ${words}`,
        'Use a key that may, or set NOFX_MODEL to another model.',
      );
    if (status === 404)
      return person(
        `The model API does not know the model ${context.model}.`,
        'Set NOFX_MODEL to a model that exists, or check ANTHROPIC_BASE_URL.',
      );
    return person(
      `The model API refused the request (${status}): ${words}`,
      'Check NOFX_MODEL and the settings for it; retrying does not help.',
    );
  }
  // What is left of the SDK's own errors is about a stream that ended before its message did.
  if (error instanceof AnthropicError)
    return { kind: 'ask again', error: later(`The model's reply broke off: ${words}`) };
  if (error instanceof Error) return { kind: 'throw', error };
  return { kind: 'throw', error: new Error(words) };
}

const STATUS_OF_TYPE: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

function mayPass(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

function wordsOf(error: unknown, secret: string): string {
  const words = (error instanceof APIError && error.apiMessage) || messageOf(error);
  // Cut last: half of a key would not be known for one.
  return redact(words.replace(/\s+/g, ' '), secret).slice(0, 500);
}

/** The cause for the log: its words alone, since headers and bodies may repeat what was sent. */
function withoutSecret(error: unknown, secret: string): unknown {
  const plain = new Error(redact(messageOf(error), secret));
  if (error instanceof Error) plain.name = error.name;
  return plain;
}

function redact(text: string, secret: string): string {
  return secret === '' ? text : text.replaceAll(secret, '[key]');
}
