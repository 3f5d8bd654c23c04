import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { spentOf } from '../../src/domain/pricing.ts';
import { InternalError, RetryableError, UserError } from '../../src/errors.ts';
import { turn } from '../../src/playground/model.ts';
import { makeAgent, makeCheckout, makeTask, openSandbox, SECRET_KEY, TEXT_KIT } from '../support/agent.ts';
import type { AgentOptions } from '../../src/agent/agent.ts';
import type { CodeTask } from '../../src/agent/port.ts';
import type { Script, Turn } from '../../src/playground/model.ts';

const quick = { 'retry-after-ms': '1' };
const write = turn.tool('write', { file_path: 'a.txt', content: 'a' });
const usage = { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

async function run(script: Script, task: Partial<CodeTask> = {}, options: Partial<AgentOptions> = {}) {
  const checkout = await makeCheckout(TEXT_KIT);
  const made = await makeAgent(script, options);
  const outcome = await made.agent.writeCode(makeTask(checkout.root, task)).then(
    (result) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error: error as Error & { retryAfterMs?: number; next?: string } }),
  );
  return { ...outcome, ...made, checkout };
}

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
    const { result, checkout, model } = await run([write, fault, turn.tool('edit', { file_path: 'a.txt', old_string: 'a', new_string: 'b' }), turn.text('Done.')]);
    expect(result).toMatchObject({ outcome: 'done', summary: 'Done.' });
    expect(await checkout.read('a.txt')).toBe('b');
    // The same conversation again: nothing of the broken reply is in it.
    const [, failed, retried] = model.requests();
    expect(retried!.messages).toEqual(failed!.messages);
  });

  test('Retry-After in seconds is honoured', async () => {
    const { result, model } = await run([turn.fault({ status: 429, headers: { 'retry-after': '0.01' } }), turn.text('Done.')]);
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
    const { error, model } = await run(({ turn: step }) => (step === 0 ? { ...write, usage } : turn.fault({ status, headers: quick })));
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
      const { error, logged } = await run(() => turn.fault({ status, message: `bad ${SECRET_KEY} here`, headers: { ...quick, 'x-echo': SECRET_KEY } }));
      const everything = [error!.message, error!.stack, String(error!.cause), JSON.stringify(error!.cause), JSON.stringify(error), JSON.stringify(logged)];
      expect(everything.join('\n')).not.toContain(SECRET_KEY);
      expect(Object.keys(error!.cause as object)).not.toContain('headers');
    }
  });
});

describe('clear ends', () => {
  test('refusal', async () => {
    const { result } = await run([write, turn.refusal()]);
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'refusal', requests: 2 });
    if (result?.outcome === 'stopped') expect(result.message).toContain('A canned refusal.');
  });

  test('a reply too long, cut in a tool call that never runs', async () => {
    const { result, checkout } = await run([turn.maxTokens()]);
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'max_tokens' });
    expect(await checkout.changes()).toEqual([]);
  });

  test('the context window is full, said by the model or by the API', async () => {
    expect((await run([turn.contextWindow()])).result).toMatchObject({ reason: 'context_window' });
    const long = turn.fault({ status: 400, message: 'prompt is too long: 1000001 tokens > 1000000 maximum' });
    expect((await run([long])).result).toMatchObject({ reason: 'context_window' });
    expect((await run([turn.fault({ status: 413 })])).result).toMatchObject({ reason: 'context_window' });
  });

  test('too many steps', async () => {
    const { result, model } = await run(() => write, {}, { maxIterations: 5 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'max_iterations', requests: 5 });
    expect(model.requests()).toHaveLength(5);
  });

  test('broken-off replies do not add steps', async () => {
    const { result } = await run([write, turn.cutStream(3), write, turn.cutStream(3), write], {}, { maxIterations: 3 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'max_iterations', requests: 5 });
  });
});

describe('budget', () => {
  const dear = { input_tokens: 100_000, output_tokens: 10_000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

  test('stops before the request that would go over the cap', async () => {
    // $0.30 each: after the second, nothing worth having is left of $0.61.
    const { result, model } = await run(() => ({ ...write, usage: dear }), { maxCostUsd: 0.61 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget', requests: 2 });
    expect(result!.cost.usd).toBeCloseTo(0.6, 9);
    if (result?.outcome === 'stopped') {
      expect(result.message).toBe('The cap of $0.61 for a run was reached: $0.6000 spent.');
      expect(result.next).toContain('NOFX_MAX_COST_USD');
    }
    expect(model.requests()).toHaveLength(2);
  });

  test('shortens the last replies to what is left, and the conversation goes on as it was', async () => {
    const { result, model, checkout } = await run(
      [{ ...write, usage: dear }, turn.tool('write', { file_path: 'b.txt', content: 'b' }), turn.text('Done.')],
      { maxCostUsd: 0.5 },
    );
    expect(result).toMatchObject({ outcome: 'done' });
    expect(await checkout.changes()).toEqual(['A a.txt', 'A b.txt']);
    const [first, second, third] = model.requests();
    expect(first!.max_tokens).toBe(32_000);
    // $0.20 left, less the prompt: under 20,000 tokens at $10 a million.
    expect(second!.max_tokens).toBeGreaterThan(15_000);
    expect(second!.max_tokens).toBeLessThan(20_000);
    expect(third!.messages).toHaveLength(5);
    expect(third!.messages.slice(0, 3)).toEqual(second!.messages);
  });

  test('a reply cut because the money ran out is the budget’s fault', async () => {
    const { result } = await run([turn.maxTokens()], { maxCostUsd: 0.1 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget' });
  });

  test('an unknown model is capped at the dearest known price, and its price is unknown', async () => {
    const { result } = await run(() => ({ ...write, usage: dear }), { model: 'somebody-elses', maxCostUsd: 2 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget', cost: { usd: null }, requests: 2 });
    expect(result!.cost.cappedUsd).toBeGreaterThanOrEqual(2);
    if (result?.outcome === 'stopped') expect(result.message).toContain('price unknown (220,000 tokens)');
  });

  test('no money, no request', async () => {
    const { result, model } = await run([write], { maxCostUsd: 0 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget', requests: 0 });
    expect(model.requests()).toEqual([]);
  });

  test('prices of the configuration count', async () => {
    const prices = { 'my-model': { input: 1, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 } };
    const { result } = await run([turn.text('x', { usage: { ...usage, input_tokens: 2_000_000 } })], { model: 'my-model' }, { prices });
    expect(result!.cost).toEqual({ usd: 2, cappedUsd: 2 });
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

describe('abort', () => {
  async function abortWhen(script: Script, ready: (requests: number) => boolean, task: Partial<CodeTask> = {}) {
    const checkout = await makeCheckout(TEXT_KIT);
    const { agent, model } = await makeAgent(script);
    const controller = new AbortController();
    const work = agent.writeCode(makeTask(checkout.root, { ...task, signal: controller.signal })).catch((error: unknown) => error);
    await expect.poll(() => ready(model.requests().length), { interval: 10 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(new Error('cancelled by octocat'));
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), 2_000).unref());
    return (await Promise.race([work, late])) as Error & { cause: Error };
  }

  test('in the middle of a stream, within two seconds, counting what was reported', async () => {
    const error = await abortWhen([{ ...turn.text('x'.repeat(10_000), { usage, delayMs: 200 }) }], (n) => n === 1);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.cause.message).toBe('cancelled by octocat');
    expect(spentOf(error)).not.toBeNull();
  });

  test('while a command runs', async () => {
    const sandbox = openSandbox();
    const error = await abortWhen([turn.tool('bash', { command: 'exec sleep 60' })], () => sandbox.asked.length === 1, { sandbox });
    expect(error).toBeInstanceOf(RetryableError);
    expect(spentOf(error)).toMatchObject({ requests: 1 });
  });

  test('while waiting for a retry', async () => {
    const error = await abortWhen([turn.fault({ status: 529, headers: { 'retry-after': '20' } })], (n) => n === 1);
    expect(error).toBeInstanceOf(RetryableError);
  });

  test('before it began', async () => {
    const { error, model } = await run([write], { signal: AbortSignal.abort() });
    expect(error).toBeInstanceOf(RetryableError);
    expect(model.requests()).toEqual([]);
  });
});
