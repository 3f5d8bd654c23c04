import { performance } from 'node:perf_hooks';
import { Webhook } from 'standardwebhooks';
import type { Dispatcher } from 'undici';
import { oneLine, truncateChars } from '../domain/text.ts';
import { messageOf } from '../errors.ts';
import type { Reach } from './addresses.ts';
import { checkUrl, hostOf } from './check-url.ts';
import { allowedAddresses, connectorTo, resolveBySystem, type Resolve } from './dial.ts';
import type { Outbound, OutboundRequest, SendResult } from './port.ts';

export type OutboundOptions = {
  /** `public` unless this NOFX works for a stand-in on its own machine. */
  reach?: Reach;
  /** whole time for one message, from resolving the host to the end of the answer; 10,000 ms */
  timeoutMs?: number;
  resolve?: Resolve;
  /** PEM of a certificate authority to trust instead of the system's */
  ca?: string;
};

const TIMEOUT_MS = 10_000;
/** What is read of an answer: enough for a word of explanation. */
const ANSWER_BYTES = 1_024;
const ERROR_CHARS = 300;

/**
 * Sends signed messages (https://www.standardwebhooks.com) to endpoints that somebody else chose. Goes straight to
 * the address that was checked: no proxy, no redirect, no connection kept for later.
 */
export function createOutbound({
  reach = 'public',
  timeoutMs = TIMEOUT_MS,
  resolve = resolveBySystem,
  ca,
}: OutboundOptions = {}): Outbound {
  const post = async (request: OutboundRequest, signal: AbortSignal): Promise<Omit<SendResult, 'durationMs'>> => {
    const checked = checkUrl(request.url, reach);
    if (!checked.ok) return failed(null, `The URL may not be used: ${checked.reason}.`);
    const url = new URL(checked.url);
    const addresses = await orAborted(allowedAddresses(hostOf(url), reach, resolve), signal);
    // Only where somebody is to be told something: it takes 15 MB.
    const { Client } = await import('undici');
    const connect = await connectorTo(addresses, { timeoutMs, ca });
    const client = new Client(url.origin, { connect, allowH2: false });
    try {
      const answer = await client.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers: { 'content-type': 'application/json', 'user-agent': 'NOFX', ...signatureOf(request) },
        body: request.body,
        signal,
      });
      const { statusCode: status } = answer;
      // It has taken the message, whatever it goes on to say, and for however long: that is not heard.
      answer.body.on('error', () => {});
      if (status >= 200 && status < 300) return { status, error: null, retryAfterSeconds: null };
      const words = await readWords(answer.body);
      const error = `It answered ${status}${words === '' ? '.' : `: ${words}`}`;
      return { ...failed(status, error), retryAfterSeconds: readRetryAfter(answer.headers) };
    } finally {
      await client.destroy();
    }
  };

  return {
    checkUrl: (url) => checkUrl(url, reach),
    async send(request, signal) {
      const started = performance.now();
      const timer = new AbortController();
      const timeout = setTimeout(() => timer.abort(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
      const limit = signal ? AbortSignal.any([signal, timer.signal]) : timer.signal;
      try {
        const result = await post(request, limit);
        return { ...result, durationMs: elapsed(started) };
      } catch (error) {
        signal?.throwIfAborted();
        return {
          ...failed(null, describe(timer.signal.aborted ? timer.signal.reason : error)),
          durationMs: elapsed(started),
        };
      } finally {
        clearTimeout(timeout);
      }
    },
  };
}

/** Signed anew on each attempt: receivers refuse what is older than five minutes. */
function signatureOf({ secret, id, body }: OutboundRequest): Record<string, string> {
  const now = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
}

/** The first words of an answer. The rest is not read: the connection is closed on it. */
async function readWords(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, ANSWER_BYTES - size));
    size += chunk.length;
    if (size >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function readRetryAfter(headers: Record<string, string | string[] | undefined>): number | null {
  const value = [headers['retry-after']].flat()[0];
  if (value === undefined) return null;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : null;
}

/** A name resolved by the system cannot be called off; it is left to end on its own. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The first error of a chain that has words of its own: a refused connection to several addresses has none. */
function describe(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(inner) || 'The connection failed.';
}

function failed(status: number | null, error: string): Omit<SendResult, 'durationMs'> {
  return { status, error: truncateChars(oneLine(error), ERROR_CHARS), retryAfterSeconds: null };
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since);
}
