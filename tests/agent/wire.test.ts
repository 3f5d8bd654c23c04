import type { Middleware } from '@anthropic-ai/sdk/core/middleware';
import { expect, test } from 'vitest';
import { createWire, retryAfterMs } from '../../src/agent/wire.ts';
import type { Usage } from '../../src/domain/pricing.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after': '12' }, 12_000],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }, 60_000],
  [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after-ms': '250', 'retry-after': '12' }, 250],
])('%j is a wait of %s ms', (headers, expected) => {
  expect(retryAfterMs(new Headers(headers), now)).toBe(expected);
});

test('five-minute and one-hour writes are told apart, as they are reported', async () => {
  const events = [
    {
      type: 'message_start',
      message: {
        usage: {
          input_tokens: 5,
          output_tokens: 1,
          cache_read_input_tokens: 7,
          cache_creation_input_tokens: 30,
          cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        },
      },
    },
    {
      type: 'message_delta',
      delta: {},
      usage: { output_tokens: 9, cache_creation_input_tokens: 30, input_tokens: null },
    },
    { type: 'message_stop' },
  ];
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const reports: Usage[] = [];
  const wire = createWire({ openAccount: () => (usage) => void reports.push(usage), onMalformed: () => {} });
  const next = () => Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  const [request, context] = [{}, {}] as [Parameters<Middleware>[0], Parameters<Middleware>[2]];
  expect(await (await wire(request, next, context)).text()).toBe(body);
  expect(reports.at(-1)).toEqual({
    inputTokens: 5,
    outputTokens: 9,
    cacheReadTokens: 7,
    cacheWrite5mTokens: 10,
    cacheWrite1hTokens: 20,
  });
});
