import { describe, expect, test } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { runAgent as run } from '../support/agent.ts';

const write = turn.tool('write', { file_path: 'a.txt', content: 'a' });
const usage = { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

describe('clear ends', () => {
  test('refusal', async () => {
    const { result } = await run([write, turn.refusal()]);
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'refusal', requests: 2 });
    expect(result).toMatchObject({ message: expect.stringContaining('A canned refusal.') as string });
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
  const dear = {
    input_tokens: 100_000,
    output_tokens: 10_000,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  };

  test('stops before the request that would go over the cap', async () => {
    // $0.30 each: after the second, nothing worth having is left of $0.61.
    const { result, model } = await run(() => ({ ...write, usage: dear }), { maxCostUsd: 0.61 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget', requests: 2 });
    expect(result!.cost.usd).toBeCloseTo(0.6, 9);
    expect(result).toMatchObject({
      message: 'The cap of $0.61 for a run was reached: $0.6000 spent.',
      next: expect.stringContaining('NOFX_MAX_COST_USD') as string,
    });
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
    expect(result).toMatchObject({ message: expect.stringContaining('price unknown (220,000 tokens)') as string });
  });

  test('no money, no request', async () => {
    const { result, model } = await run([write], { maxCostUsd: 0 });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'budget', requests: 0 });
    expect(model.requests()).toEqual([]);
  });

  test('prices of the configuration count', async () => {
    const prices = { 'my-model': { input: 1, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 } };
    const { result } = await run(
      [turn.text('x', { usage: { ...usage, input_tokens: 2_000_000 } })],
      { model: 'my-model' },
      { prices },
    );
    expect(result!.cost).toEqual({ usd: 2, cappedUsd: 2 });
  });
});
