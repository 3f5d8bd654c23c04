import { setTimeout as sleep } from 'node:timers/promises';
import type { Anthropic } from '@anthropic-ai/sdk';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import { InternalError, RetryableError } from '../errors.ts';
import { endingOf, stopped, summaryOf } from './ending.ts';
import { judge } from './faults.ts';
import { SYSTEM_PROMPT } from './prompt.ts';
import type { AgentOptions, Log } from './agent.ts';
import type { Ledger } from './ledger.ts';
import type { CodeResult, CodeTask } from './port.ts';
import type { Tool, ToolContext } from './tool-kit.ts';

export type Conversation = {
  client: Anthropic;
  /** To keep it out of errors. */
  apiKey: string;
  ledger: Ledger;
  /** Ids of tool calls whose input was not JSON: filled while replies come in. */
  malformed: ReadonlySet<string>;
  log: Log;
  prompt: string;
  tools: Tool[];
  effort?: AgentOptions['effort'];
  maxTokens: number;
  maxIterations: number;
  retries: number;
  retryDelayMs: number;
  capUsd: () => number;
} & Pick<CodeTask, 'model' | 'signal' | 'onUsage'>;

/**
 * Talks with the model until it is done or a limit is reached. The SDK's tool runner holds the conversation
 * and runs the tools; a reply that broke off is asked for again by a new runner with the same messages.
 * Throws what judge() says, and RetryableError when `signal` aborts.
 */
export async function converse(conversation: Conversation): Promise<CodeResult> {
  const { ledger, signal, retries } = conversation;
  let messages: BetaMessageParam[] = [{ role: 'user', content: conversation.prompt }];
  let replies = 0;
  let broken = 0;

  const stop = (reason: Parameters<typeof stopped>[0], detail = '') =>
    stopped(reason, ledger.totals(), { ...conversation, maxCostUsd: conversation.capUsd(), detail });

  for (;;) {
    const allowed = ledger.allowance(conversation.maxTokens);
    if (allowed === null) return stop('budget');
    const runner = startRunner(conversation, messages, {
      maxTokens: allowed,
      iterations: conversation.maxIterations - replies,
    });
    let again: RetryableError | null = null;

    for await (const stream of runner) {
      // What was sent, without the reply: whatever happens to the reply, this can be sent again.
      messages = [...runner.params.messages];
      const maxTokens = runner.params.max_tokens;
      let reply: BetaMessage;
      try {
        reply = await stream.finalMessage();
      } catch (error) {
        if (signal.aborted)
          throw new RetryableError('The work was stopped before it was done.', { cause: signal.reason });
        const verdict = judge(error, { model: conversation.model, secret: conversation.apiKey });
        if (verdict.kind === 'context window') return stop('context_window');
        if (verdict.kind === 'throw') throw verdict.error;
        again = verdict.error;
        break;
      } finally {
        report(conversation);
      }
      broken = 0;
      replies += 1;

      const ending = endingOf(reply, maxTokens < conversation.maxTokens);
      if (ending === 'done') return { outcome: 'done', summary: summaryOf(reply), ...ledger.totals() };
      if (ending === 'broken')
        throw new InternalError(`The model stopped for a reason unknown to NOFX: ${reply.stop_reason}`);
      if (ending !== 'go on') return stop(ending.reason, ending.detail);

      const next = ledger.allowance(conversation.maxTokens);
      if (next === null) return stop('budget');
      if (next !== maxTokens && reply.stop_reason === 'tool_use') {
        // Changing the parameters here hands the history over to us: the reply has to be put into it.
        const said: BetaMessageParam = { role: 'assistant', content: reply.content };
        runner.setMessagesParams((params) => ({ ...params, max_tokens: next, messages: [...messages, said] }));
      }
    }

    if (!again) return stop('max_iterations');
    broken += 1;
    if (broken > retries) throw again;
    conversation.log.warn({ attempt: broken, error: again.message }, 'the reply broke off, asking again');
    await sleep(conversation.retryDelayMs * 2 ** (broken - 1), undefined, { signal }).catch(() => {});
  }
}

function startRunner(
  conversation: Conversation,
  messages: BetaMessageParam[],
  limits: { maxTokens: number; iterations: number },
) {
  const { client, model, effort, signal, tools, malformed } = conversation;
  return client.beta.messages.toolRunner(
    {
      model,
      max_tokens: limits.maxTokens,
      // Tools and system are the same for every run: a breakpoint of their own lets runs share them …
      system: [{ type: 'text', text: SYSTEM_PROMPT, cache_control: { type: 'ephemeral' } }],
      tools: tools.map((tool) => soundOnly(tool, malformed)),
      messages,
      // … and automatic caching moves another along with the conversation.
      cache_control: { type: 'ephemeral' },
      ...(effort === undefined ? {} : { output_config: { effort } }),
      max_iterations: limits.iterations,
      stream: true,
      thread: false,
    },
    { signal },
  );
}

/** A call whose input could not be read never runs: what is left of the input is not what the model meant. */
function soundOnly(tool: Tool, malformed: ReadonlySet<string>): Tool {
  return {
    ...tool,
    parse: (input) => input,
    run: (input: unknown, context: ToolContext) => {
      if (context && malformed.has(context.toolUse.id))
        throw new ToolError('The input of this call was not valid JSON. Make the call again.');
      return tool.run(tool.parse(input), context);
    },
  };
}

function report({ ledger, onUsage }: Conversation): void {
  const { usage, cost } = ledger.totals();
  onUsage?.(usage, cost);
}
