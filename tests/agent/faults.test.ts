import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { spentOf } from '../../src/domain/pricing.ts';
import { InternalError, RetryableError, UserError } from '../../src/errors.ts';
import { turn } from '../../src/playground/model.ts';
import { runAgent as run, SECRET_KEY } from '../support/agent.ts';
import type { Turn } from '../../src/playground/model.ts';

const quick = { 'retry-after-ms': '1' };
const write = turn.tool('write', { file_path: 'a.txt', content: 'a' });
const usage = { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

describe('faults that pass', () => {
  test.each<[string, Turn]>([
    ['429', turn.fault({ status: 429, headers: quick })],
    ['529', turn.fault({ status: 529, headers: quick })],
    ['500', turn.fault({ status: 500, headers: quick })],
    ['a broken connection', turn.fault({ status: 0 })],
    ['a stream cut before the first event', turn.cutStream(0)],
    ['a stream cut in the middle', turn.cutStream(4)],
    ['a stream cut before its last event', turn.cutStream(6)],
    ['a tool call cut in the middle', turn.cutStream(4, write)],
    ['an error event in the stream', turn.errorEvent(3)],
  ])('%s is tried again and the work goes on', async (_, fault) => {
    const { result, checkout, model } = await run([
      write,
      fault,
      turn.tool('edit', { file_path: 'a.txt', old_string: 'a', new_string: 'b' }),
      turn.text('Done.'),
    ]);
    expect(result).toMatchObject({ outcome: 'done', summary: 'Done.' });
    expect(await checkout.read('a.txt')).toBe('b');
    // The same conversation again: nothing of the broken reply is in it.
    const [, failed, retried] = model.requests();
    expect(retried!.messages).toEqual(failed!.messages);
  });

  test('Retry-After in seconds is honoured', async () => {
    const { result, model } = await run([
      turn.fault({ status: 429, headers: { 'retry-after': '0.01' } }),
      turn.text('Done.'),
    ]);
    expect(result?.outcome).toBe('done');
    expect(model.requests()).toHaveLength(2);
  });

  test('what a cut stream reported is counted', async () => {
    const { result } = await run([turn.cutStream(4, { ...turn.text('x', { usage }) }), turn.text('Done.', { usage })]);
    expect(result).toMatchObject({ requests: 2, usage: { inputTokens: 2_000, outputTokens: 101 } });
  });
});

describe('faults that stay', () => {
  test.each([429, 529, 500])('%i ends in a RetryableError that says what was spent', async (status) => {
    const { error, model } = await run(({ turn: step }) =>
      step === 0 ? { ...write, usage } : turn.fault({ status, headers: quick }),
    );
    expect(error).toBeInstanceOf(RetryableError);
    expect(error!.message).toContain(String(status));
    expect(error!.retryAfterMs).toBe(1);
    expect(spentOf(error)).toMatchObject({ requests: 1, usage: { inputTokens: 1_000, outputTokens: 100 } });
    expect(model.requests()).toHaveLength(1 + 1 + 3);
  });

  test('streams cut again and again are asked for a bounded number of times', async () => {
    const { error, model } = await run(() => turn.cutStream(4, turn.text('x', { usage })));
    expect(error).toBeInstanceOf(RetryableError);
    expect(model.requests()).toHaveLength(1 + 3);
    expect(spentOf(error)).toMatchObject({ requests: 4, usage: { inputTokens: 4_000 } });
  });

  test('the count begins anew with every reply that arrives', async () => {
    const cut = turn.cutStream(4);
    const { result } = await run([cut, cut, write, cut, cut, write, cut, turn.text('Done.')], {}, { retries: 2 });
    expect(result).toMatchObject({ outcome: 'done' });
  });

  test('a wait too long for a worker is handed on instead', async () => {
    const { error, model } = await run([turn.fault({ status: 429, headers: { 'retry-after': '3600' } })]);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error!.retryAfterMs).toBe(3_600_000);
    expect(model.requests()).toHaveLength(1);
  });

  test('no one listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { error } = await run([], {}, { baseUrl: `http://127.0.0.1:${port}`, retries: 0 });
    expect(error).toBeInstanceOf(RetryableError);
    expect(spentOf(error)).toMatchObject({ requests: 0 });
  });

  test.each<[number, string, RegExp, RegExp]>([
    [400, 'effort: not supported', /refused the request.*effort/, /NOFX_MODEL/],
    [400, 'Your credit balance is too low to access the API.', /payment/, /billing/],
    [401, 'invalid x-api-key', /does not accept the key/, /ANTHROPIC_API_KEY/],
    [402, 'billing', /payment/, /billing/],
    [403, 'no access', /may not use/, /key/],
    [404, 'model: nope', /does not know the model claude-sonnet-5-5/, /NOFX_MODEL/],
  ])('%i %s is for a person, and never retried', async (status, message, words, next) => {
    const { error, model } = await run([turn.fault({ status, message })]);
    expect(error).toBeInstanceOf(UserError);
    expect(error!.message).toMatch(words);
    expect(error!.next).toMatch(next);
    expect(model.requests()).toHaveLength(1);
    expect(spentOf(error)).not.toBeNull();
  });

  test('an invalid request inside of a stream is for a person too', async () => {
    const { error, model } = await run([turn.errorEvent(3, 'invalid_request_error')]);
    expect(error).toBeInstanceOf(UserError);
    expect(model.requests()).toHaveLength(1);
  });

  test('an unknown reason to stop is a mistake of ours', async () => {
    const { error } = await run([turn.reply([{ type: 'text', text: 'x' }], 'brand_new' as 'end_turn')]);
    expect(error).toBeInstanceOf(InternalError);
  });

  test('the key is in no error and no log, even when the other side repeats it', async () => {
    for (const status of [400, 401, 529]) {
      const { error, logged } = await run(() =>
        turn.fault({ status, message: `bad ${SECRET_KEY} here`, headers: { ...quick, 'x-echo': SECRET_KEY } }),
      );
      const everything = [
        error!.message,
        error!.stack,
        String(error!.cause),
        JSON.stringify(error!.cause),
        JSON.stringify(error),
        JSON.stringify(logged),
      ];
      expect(everything.join('\n')).not.toContain(SECRET_KEY);
      expect(Object.keys(error!.cause as object)).not.toContain('headers');
    }
    // Where the words are cut within it, what is left of it is none the less gone.
    const { error } = await run(() => turn.fault({ status: 400, message: `${'x'.repeat(490)} ${SECRET_KEY}` }));
    expect(error!.message).not.toContain(SECRET_KEY.slice(0, 5));
  });
});

describe('tool calls that are wrong', () => {
  test.each<[string, Turn, RegExp]>([
    ['input that is not JSON', turn.badToolJson(), /not valid JSON/],
    ['input that breaks off', turn.badToolJson('write', '{"file_path": "x.txt", "content": "half'), /not valid JSON/],
    ['input of the wrong shape', turn.tool('write', { file_path: 'x.txt' }), /content/],
    ['input with more than there is', turn.tool('read', { file_path: 'package.json', offset: 3 }), /offset/],
    ['an unknown tool', turn.tool('web_search', { query: 'x' }), /not found/],
    ['bash where there is no sandbox', turn.tool('bash', { command: 'id' }), /not found/],
  ])('%s is answered with an error, and the work goes on', async (_, bad, words) => {
    const { result, model, checkout } = await run([{ ...bad, usage } as Turn, write, turn.text('Done.')]);
    expect(result).toMatchObject({ outcome: 'done' });
    // It is paid for in full.
    expect(result!.usage.outputTokens).toBeGreaterThan(100);
    expect(await checkout.changes()).toEqual(['A a.txt']);
    const answer = model.requests()[1]!.messages[2]!.content as unknown as { is_error?: boolean; content: string }[];
    expect(answer).toHaveLength(1);
    expect(answer[0]).toMatchObject({ type: 'tool_result', is_error: true });
    expect(answer[0]!.content).toMatch(words);
  });

  test('one bad call of several does not stop the others', async () => {
    const mixed = turn.reply(
      [
        { type: 'tool_use', name: 'write', input: {}, json: '{oops' },
        { type: 'tool_use', name: 'write', input: { file_path: 'ok.txt', content: 'ok' } },
      ],
      'tool_use',
    );
    const { result, checkout } = await run([mixed, turn.text('Done.')]);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(await checkout.changes()).toEqual(['A ok.txt']);
  });
});
