import { Stream } from '@anthropic-ai/sdk/core/streaming';
import type { Middleware } from '@anthropic-ai/sdk/core/middleware';
import type { BetaRawMessageStreamEvent, BetaUsage } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import { NO_USAGE } from '../domain/pricing.ts';
import type { Usage } from '../domain/pricing.ts';

/** The SDK waits as long as a Retry-After says, up to weeks. Longer than this, the job is put back instead. */
const LONGEST_WAIT_MS = 30_000;

export type WireOptions = {
  /** Called once per answered request; its result gets the usage reported so far, whenever there is news. */
  openAccount: () => (usage: Usage) => void;
  /** Called with the id of a tool call whose input is not JSON. Its input then arrives as `{}`. */
  onMalformed: (toolUseId: string) => void;
};

/**
 * Sits between the SDK and the network, for three things the SDK does not do:
 * - count what a request used also when its stream is cut or given up (SDK: the usage is gone with the message);
 * - let the loop answer a malformed tool input (SDK: BetaMessageStream throws and the conversation ends;
 *   an input that breaks off would be completed by guessing and run);
 * - give up a wait that would hold a worker for long.
 */
export function createWire(options: WireOptions): Middleware {
  return async (request, next) => {
    const response = await next(request);
    if (!response.ok) return withoutLongWait(response);
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
    const events = Stream.fromSSEResponse<BetaRawMessageStreamEvent>(response, new AbortController());
    return new Response(encode(watch(events, options)), response);
  };
}

/** Milliseconds until the other side wants to hear from us again; undefined when it does not say. */
export function retryAfterMs(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const given = headers?.get('retry-after');
  if (!given) return undefined;
  const seconds = Number.parseFloat(given);
  const ms = Number.isNaN(seconds) ? Date.parse(given) - now : seconds * 1000;
  return ms >= 0 ? ms : undefined;
}

function withoutLongWait(response: Response): Response {
  if ((retryAfterMs(response.headers) ?? 0) <= LONGEST_WAIT_MS) return response;
  const headers = new Headers(response.headers);
  // The SDK's own way of being told not to retry.
  headers.set('x-should-retry', 'false');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function* watch(
  events: AsyncIterable<BetaRawMessageStreamEvent>,
  options: WireOptions,
): AsyncGenerator<BetaRawMessageStreamEvent> {
  const report = options.openAccount();
  let usage = NO_USAGE;
  /** Inputs of tool calls in the making, by block index: held back until they are whole. */
  const inputs = new Map<number, { id: string; json: string }>();

  for await (const event of events) {
    switch (event.type) {
      case 'message_start':
        report((usage = merge(NO_USAGE, event.message.usage)));
        break;
      case 'message_delta':
        report((usage = merge(usage, event.usage)));
        break;
      case 'content_block_start':
        if (event.content_block.type === 'tool_use') inputs.set(event.index, { id: event.content_block.id, json: '' });
        break;
      case 'content_block_delta': {
        const input = inputs.get(event.index);
        if (input && event.delta.type === 'input_json_delta') {
          input.json += event.delta.partial_json;
          continue;
        }
        break;
      }
      case 'content_block_stop': {
        const input = inputs.get(event.index);
        inputs.delete(event.index);
        if (!input) break;
        const sound = isJsonObject(input.json);
        if (!sound) options.onMalformed(input.id);
        const delta = { type: 'input_json_delta' as const, partial_json: sound ? input.json : '{}' };
        yield { type: 'content_block_delta', index: event.index, delta };
        break;
      }
      default:
    }
    yield event;
  }
}

type Reported = {
  input_tokens?: number | null;
  output_tokens?: number;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  cache_creation?: BetaUsage['cache_creation'];
};

/** Counts in a delta are totals of the whole message, and only those that changed are there. */
function merge(before: Usage, now: Reported): Usage {
  const hour = now.cache_creation?.ephemeral_1h_input_tokens ?? before.cacheWrite1hTokens;
  const written = now.cache_creation_input_tokens ?? before.cacheWrite5mTokens + before.cacheWrite1hTokens;
  return {
    inputTokens: now.input_tokens ?? before.inputTokens,
    outputTokens: now.output_tokens ?? before.outputTokens,
    cacheReadTokens: now.cache_read_input_tokens ?? before.cacheReadTokens,
    cacheWrite5mTokens: Math.max(0, written - hour),
    cacheWrite1hTokens: hour,
  };
}

/** A call without any input is sent as the empty text. */
function isJsonObject(json: string): boolean {
  if (json === '') return true;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function encode(events: AsyncGenerator<BetaRawMessageStreamEvent>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await events.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`));
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel() {
      await events.return(undefined);
    },
  });
}
