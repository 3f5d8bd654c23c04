import { setTimeout as sleep } from 'node:timers/promises';
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import { z } from 'zod';
import { ModelPlan, readModelPlan, type ReadPlan } from '../domain/model-plan.ts';
import { InternalError, RetryableError } from '../errors.ts';
import { endingOf, stopped, summaryOf } from './ending.ts';
import { judge } from './faults.ts';
import { mendMessage, PLAN_SYSTEM_PROMPT } from './plan-prompt.ts';
import type { Conversation } from './loop.ts';
import type { PlanOutcome, PlanTask } from './port.ts';

/** Thinking included: a plan is a page of text. */
const MOST_TOKENS = 16_000;

/** The first plan, and one more for what was wrong with it. */
const ATTEMPTS = 2;

/**
 * What the API is to hold the answer to. It knows no lengths and no patterns: those end up in the descriptions, and
 * `readModelPlan` checks them. https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
const FORMAT = {
  type: 'json_schema' as const,
  schema: transformJSONSchema(z.toJSONSchema(ModelPlan, { target: 'draft-07' })) as Record<string, unknown>,
};

type PlanConversation = Omit<Conversation, 'tools' | 'malformed' | 'maxIterations'> & Pick<PlanTask, 'check'>;

/** Asks for a plan, once more where it cannot be used. Throws as `converse` does. */
export async function askForPlan(conversation: PlanConversation): Promise<PlanOutcome> {
  const { ledger } = conversation;
  const messages: BetaMessageParam[] = [{ role: 'user', content: conversation.prompt }];
  const most = Math.min(MOST_TOKENS, conversation.maxTokens);
  let errors: string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const maxTokens = ledger.allowance(most);
    if (maxTokens === null) return stop(conversation, 'budget');
    const reply = await ask(conversation, messages, maxTokens);
    if (reply === 'context window') return stop(conversation, 'context_window');

    const ending = endingOf(reply, maxTokens < most);
    if (ending === 'broken' || ending === 'go on')
      throw new InternalError(`The model stopped for a reason unknown to NOFX: ${reply.stop_reason}`);
    if (ending !== 'done') return stop(conversation, ending.reason, ending.detail);

    const read = await usable(readModelPlan(summaryOf(reply)), conversation.check);
    if (read.ok) return { outcome: 'planned', plan: read.plan, ...ledger.totals() };
    ({ errors } = read);
    conversation.log.warn({ attempt, errors }, 'the plan cannot be used');
    messages.push({ role: 'assistant', content: reply.content }, { role: 'user', content: mendMessage(errors) });
  }
  const message = `The model made no plan that can be used: ${errors.join('; ')}.`;
  return { outcome: 'stopped', reason: 'invalid', message: message.slice(0, 500), ...ledger.totals() };
}

async function usable(read: ReadPlan, check: PlanTask['check']): Promise<ReadPlan> {
  const errors = read.ok ? await check(read.plan) : [];
  return errors.length > 0 ? { ok: false, errors } : read;
}

type Reason = Exclude<Extract<PlanOutcome, { outcome: 'stopped' }>['reason'], 'invalid'>;

function stop(conversation: PlanConversation, reason: Parameters<typeof stopped>[0], detail = ''): PlanOutcome {
  const { ledger, capUsd } = conversation;
  const { message } = stopped(reason, ledger.totals(), { maxCostUsd: capUsd(), maxIterations: ATTEMPTS, detail });
  return { outcome: 'stopped', reason: reason as Reason, message, ...ledger.totals() };
}

/** One whole reply; asked for again where it broke off on its way. */
async function ask(
  conversation: PlanConversation,
  messages: BetaMessageParam[],
  maxTokens: number,
): Promise<BetaMessage | 'context window'> {
  const { client, model, effort, signal, retries, ledger } = conversation;
  for (let broken = 1; ; broken += 1) {
    const stream = client.beta.messages.stream(
      {
        model,
        max_tokens: maxTokens,
        system: [{ type: 'text', text: PLAN_SYSTEM_PROMPT, cache_control: { type: 'ephemeral' } }],
        messages,
        cache_control: { type: 'ephemeral' },
        output_config: { format: FORMAT, ...(effort === undefined ? {} : { effort }) },
      },
      { signal },
    );
    try {
      return await stream.finalMessage();
    } catch (error) {
      if (signal.aborted)
        throw new RetryableError('The work was stopped before it was done.', { cause: signal.reason });
      const verdict = judge(error, { model, secret: conversation.apiKey });
      if (verdict.kind === 'context window') return verdict.kind;
      if (verdict.kind === 'throw' || broken > retries) throw verdict.error;
      conversation.log.warn({ attempt: broken, error: verdict.error.message }, 'the plan broke off, asking again');
      await sleep(conversation.retryDelayMs * 2 ** (broken - 1), undefined, { signal }).catch(() => {});
    } finally {
      const { usage, cost } = ledger.totals();
      conversation.onUsage?.(usage, cost);
    }
  }
}
