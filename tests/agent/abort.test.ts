import { describe, expect, test } from 'vitest';
import { spentOf } from '../../src/domain/pricing.ts';
import { RetryableError } from '../../src/errors.ts';
import { turn } from '../../src/playground/model.ts';
import { makeAgent, makeCheckout, makeTask, openSandbox, runAgent, TEXT_KIT } from '../support/agent.ts';
import type { CodeTask } from '../../src/agent/port.ts';
import type { Script } from '../../src/playground/model.ts';

const write = turn.tool('write', { file_path: 'a.txt', content: 'a' });
const usage = { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

describe('abort', () => {
  async function abortWhen(script: Script, ready: (requests: number) => boolean, task: Partial<CodeTask> = {}) {
    const checkout = await makeCheckout(TEXT_KIT);
    const { agent, model } = await makeAgent(script);
    const controller = new AbortController();
    const work = agent
      .writeCode(makeTask(checkout.root, { ...task, signal: controller.signal }))
      .catch((error: unknown) => error);
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
    const error = await abortWhen([turn.tool('bash', { command: 'exec sleep 60' })], () => sandbox.asked.length === 1, {
      sandbox,
    });
    expect(error).toBeInstanceOf(RetryableError);
    expect(spentOf(error)).toMatchObject({ requests: 1 });
  });

  test('while waiting for a retry', async () => {
    const error = await abortWhen([turn.fault({ status: 529, headers: { 'retry-after': '20' } })], (n) => n === 1);
    expect(error).toBeInstanceOf(RetryableError);
  });

  test('while another has its turn', async () => {
    const checkout = await makeCheckout(TEXT_KIT);
    const slow = { ...turn.text('x'.repeat(10_000), { usage, delayMs: 200 }) };
    const { agent, model } = await makeAgent([slow], { requestsAtOnce: 1 });
    const controllers = [new AbortController(), new AbortController()];
    const work = controllers.map(({ signal }) =>
      agent.writeCode(makeTask(checkout.root, { signal })).catch((error: unknown) => error),
    );
    await expect.poll(() => model.requests().length, { interval: 10 }).toBe(1);
    controllers[1]!.abort(new Error('cancelled by octocat'));
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), 2_000).unref());
    expect(await Promise.race([work[1], late])).toBeInstanceOf(RetryableError);
    controllers[0]!.abort();
    await work[0];
  });

  test('before it began', async () => {
    const { error, model } = await runAgent([write], { signal: AbortSignal.abort() });
    expect(error).toBeInstanceOf(RetryableError);
    expect(model.requests()).toEqual([]);
  });
});
