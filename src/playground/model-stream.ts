import { randomBytes } from 'node:crypto';
import { signatureOf } from './model-checks.ts';
import type { CachedUsage } from './model-cache.ts';
import type { Reply, ReplyBlock, RequestBody } from './model-script.ts';

/** A reply as the whole message that the API would return without streaming. */
export type Message = {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: Record<string, unknown>[];
  stop_reason: string | null;
  stop_sequence: null;
  stop_details: Record<string, unknown> | null;
  usage: Record<string, unknown> & { output_tokens: number };
};

export function messageOf(reply: Reply, body: RequestBody, cached: CachedUsage): Message {
  const { output_tokens: output, ...input } = reply.usage ?? {};
  return {
    id: `msg_canned_${randomBytes(9).toString('hex')}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: reply.blocks.map(contentOf),
    stop_reason: reply.stop,
    stop_sequence: null,
    stop_details:
      reply.stop === 'refusal' ? { type: 'refusal', category: null, explanation: 'A canned refusal.' } : null,
    usage: {
      ...cached,
      ...input,
      ...(input.cache_creation_input_tokens === undefined
        ? {}
        : {
            cache_creation: {
              ephemeral_5m_input_tokens: input.cache_creation_input_tokens,
              ephemeral_1h_input_tokens: 0,
            },
          }),
      output_tokens: output ?? estimate(reply.blocks),
      service_tier: 'standard',
    },
  };
}

export type StreamEvent = { type: string; [key: string]: unknown };

/** The same message as the events of a stream, in the order and pieces the API sends them. */
export function eventsOf(message: Message, reply: Reply): StreamEvent[] {
  const events: StreamEvent[] = [
    {
      type: 'message_start',
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_details: null,
        usage: { ...message.usage, output_tokens: 1 },
      },
    },
    { type: 'ping' },
  ];
  for (const [index, block] of reply.blocks.entries()) {
    const whole = message.content[index]!;
    events.push({ type: 'content_block_start', index, content_block: { ...whole, ...blank(block) } });
    for (const delta of deltasOf(block, whole)) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  }
  const { stop_reason, stop_sequence, stop_details, usage } = message;
  events.push({
    type: 'message_delta',
    delta: { stop_reason, stop_sequence, stop_details },
    usage: {
      input_tokens: usage['input_tokens'],
      cache_read_input_tokens: usage['cache_read_input_tokens'],
      cache_creation_input_tokens: usage['cache_creation_input_tokens'],
      output_tokens: usage.output_tokens,
    },
  });
  events.push({ type: 'message_stop' });
  return events;
}

function contentOf(block: ReplyBlock): Record<string, unknown> {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, citations: null };
    case 'thinking':
      return { type: 'thinking', thinking: block.thinking, signature: signatureOf(block.thinking) };
    case 'tool_use':
      return {
        type: 'tool_use',
        id: `toolu_canned_${randomBytes(9).toString('hex')}`,
        name: block.name,
        input: block.input,
      };
  }
}

function blank(block: ReplyBlock): Record<string, unknown> {
  if (block.type === 'text') return { text: '' };
  return block.type === 'thinking' ? { thinking: '', signature: '' } : { input: {} };
}

function deltasOf(block: ReplyBlock, whole: Record<string, unknown>): Record<string, unknown>[] {
  switch (block.type) {
    case 'text':
      return pieces(block.text).map((text) => ({ type: 'text_delta', text }));
    case 'thinking':
      return [
        ...pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: whole['signature'] },
      ];
    case 'tool_use':
      return pieces(block.json ?? JSON.stringify(block.input)).map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }));
  }
}

/** Cut anywhere but inside a surrogate pair, as a tokenizer would. */
function pieces(text: string): string[] {
  return text.match(/[^]{1,200}(?![\udc00-\udfff])|[^]+/g) ?? [];
}

function estimate(blocks: ReplyBlock[]): number {
  const characters = blocks.reduce((sum, block) => sum + JSON.stringify(block).length, 0);
  return Math.max(1, Math.ceil(characters / 4));
}
