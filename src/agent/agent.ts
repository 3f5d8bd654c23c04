import { randomBytes } from 'node:crypto';
import { Anthropic } from '@anthropic-ai/sdk';
import { converse, type Conversation } from './loop.ts';
import { createLedger } from './ledger.ts';
import { planMessage } from './plan-prompt.ts';
import { askForPlan } from './planner.ts';
import { userMessage } from './prompt.ts';
import { createTools } from './tools.ts';
import { createTurns, type AroundRequest } from './turns.ts';
import { createWire } from './wire.ts';
import { InternalError, messageOf, RetryableError, UserError } from '../errors.ts';
import { priceOf, type PriceOverrides, type Spent } from '../domain/pricing.ts';
import type { Agent, AgentFault, CodeTask } from './port.ts';

export type AgentOptions = {
  apiKey: string;
  /** Default: Anthropic's own API. */
  baseUrl?: string;
  prices?: PriceOverrides;
  /** How hard the model thinks; the model's own default when absent. Not every model takes every value. */
  effort?: 'low' | 'medium' | 'high' | 'xhigh' | 'max';
  /** Most tokens of one reply, thinking included. Default 32,000, which every model of the table can. */
  maxTokens?: number;
  /** Most requests of one writeCode. Default 60. */
  maxIterations?: number;
  log: Log;
  /** Around each request, also those the SDK sends again. */
  aroundRequest?: AroundRequest;
  /** Most requests under way at once, over all tasks; the others wait. Default: no bound. */
  requestsAtOnce?: number;
  /** How often a request or a broken-off reply is tried again. Default 3. */
  retries?: number;
  /** Wait before a broken-off reply is asked for again, doubled each time. Default 1,000 ms. */
  retryDelayMs?: number;
};

/** The part of a pino logger that is used. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

/** The coding agent on Anthropic's Messages API. Reads nothing from the environment itself. */
export function createAgent(options: AgentOptions): Agent {
  const { log, prices } = options;
  const apiKey = options.apiKey.trim();
  const inTurn = createTurns(
    options.requestsAtOnce ?? Infinity,
    options.aroundRequest ?? (async (_model, send) => (await send()).response),
  );

  /** What a conversation about a task needs, whatever it is about; what was spent goes with every error of `hold`. */
  async function begin<T extends Outcome>(
    task: Pick<CodeTask, 'model' | 'maxCostUsd' | 'signal' | 'onUsage'>,
    { text, removed }: { text: string; removed: string[] },
    hold: (common: Common) => Promise<T>,
  ): Promise<T> {
    const { maxCostUsd } = task;
    const capUsd = typeof maxCostUsd === 'number' ? () => maxCostUsd : maxCostUsd;
    const ledger = createLedger(task.model, capUsd, prices);
    if (!/^[\x21-\x7e]+$/.test(apiKey)) throw paidFor(unusableKey(), ledger.totals());
    const malformed = new Set<string>();
    const client = new Anthropic({
      apiKey,
      // Explicit, or the SDK would look into the environment for them.
      baseURL: options.baseUrl ?? 'https://api.anthropic.com',
      webhookKey: null,
      logLevel: 'off',
      maxRetries: options.retries ?? 3,
      middleware: [
        (request, next) => inTurn(task.model, () => next(request), task.signal),
        createWire({ openAccount: ledger.open, onMalformed: (id) => malformed.add(id) }),
      ],
    });
    if (removed.length > 0) log.warn({ removed }, 'took hidden content out of the task');
    try {
      const result = await hold({
        client,
        apiKey,
        ledger,
        malformed,
        log,
        prompt: text,
        model: task.model,
        signal: task.signal,
        capUsd,
        maxTokens: options.maxTokens ?? 32_000,
        retries: options.retries ?? 3,
        retryDelayMs: options.retryDelayMs ?? 1_000,
        ...(options.effort === undefined ? {} : { effort: options.effort }),
        ...(task.onUsage === undefined ? {} : { onUsage: task.onUsage }),
      });
      const { usage, cost, requests, outcome } = result;
      log.info({ model: task.model, outcome, requests, usage, usd: cost.usd }, 'the model has ended its work');
      return result;
    } catch (error) {
      throw paidFor(error, ledger.totals());
    }
  }

  return {
    writeCode: (task) =>
      begin(task, userMessage(task, newNonce()), async (common) =>
        converse({
          ...common,
          tools: await createTools({
            checkout: task.checkout,
            sandbox: task.sandbox,
            ignores: task.ignores,
            ...(task.filename === undefined ? {} : { filename: task.filename }),
            protectedPaths: task.protectedPaths,
          }),
          maxIterations: options.maxIterations ?? 60,
        }),
      ),
    plan: (task) =>
      begin(task, planMessage(task, newNonce()), (common) => askForPlan({ ...common, check: task.check })),
    priceOf: (model) => priceOf(model, prices),
  };
}

type Common = Omit<Conversation, 'tools' | 'maxIterations'>;
type Outcome = Spent & { outcome: string };

function newNonce(): string {
  return randomBytes(8).toString('hex');
}

/** Found out before it becomes part of an error about headers. */
function unusableKey(): UserError {
  return new UserError(
    'There is no usable Anthropic API key: it is empty, or has characters that no key has.',
    'Set ANTHROPIC_API_KEY to a valid key and try again.',
  );
}

/** The attempt failed, but it has to be paid for all the same. */
function paidFor(error: unknown, spent: Spent): AgentFault {
  const known = error instanceof UserError || error instanceof RetryableError || error instanceof InternalError;
  const fault = known ? error : new InternalError(`The agent failed: ${messageOf(error)}`, { cause: error });
  return Object.assign(fault, { spent });
}
