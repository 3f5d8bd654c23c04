import type { BetaMessage } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import { formatCost } from '../domain/pricing.ts';
import type { Spent } from '../domain/pricing.ts';
import type { CodeResult } from './port.ts';

type Stopped = Extract<CodeResult, { outcome: 'stopped' }>;
type Reason = Stopped['reason'];

/** What a reply that calls no tool means for the run: platform.claude.com, "Stop reasons and fallback". */
export function endingOf(
  reply: BetaMessage,
  cutByBudget: boolean,
): { reason: Reason; detail: string } | 'done' | 'go on' | 'broken' {
  switch (reply.stop_reason) {
    case 'end_turn':
    case 'stop_sequence':
      return 'done';
    case 'tool_use':
    // The API's own tools paused, or history was compacted: the SDK sends the conversation back as it is.
    case 'pause_turn':
    case 'compaction':
      return 'go on';
    case 'max_tokens':
      return { reason: cutByBudget ? 'budget' : 'max_tokens', detail: '' };
    case 'refusal':
      return { reason: 'refusal', detail: refusalOf(reply) };
    case 'model_context_window_exceeded':
      return { reason: 'context_window', detail: '' };
    default:
      return 'broken';
  }
}

/**
 * The closing words. Read by block type: notes between tool calls come as thinking blocks on newer models
 * and as text on older ones; only the last message is the summary.
 */
export function summaryOf(reply: BetaMessage): string {
  return reply.content
    .flatMap((block) => (block.type === 'text' ? [block.text] : []))
    .join('\n\n')
    .trim();
}

/** A clear end without a result, in words for the person who asked. */
export function stopped(
  reason: Reason,
  spent: Spent,
  limits: { maxCostUsd: number; maxIterations: number; detail?: string },
): Stopped {
  const soFar = formatCost(spent.cost, spent.usage);
  const cap = `$${limits.maxCostUsd.toFixed(2)}`;
  const words: Record<Reason, { message: string; next: string }> = {
    budget: {
      message:
        spent.cost.usd === null
          ? `The cap of ${cap} for a run was reached: ${soFar}, counted at the dearest known price.`
          : `The cap of ${cap} for a run was reached: ${soFar} spent.`,
      next: 'Ask for less at once, or raise NOFX_MAX_COST_USD.',
    },
    refusal: {
      message: `The model declined to do this.${limits.detail ? ` ${limits.detail}` : ''}`,
      next: 'Word the task differently, or set NOFX_MODEL to another model.',
    },
    max_tokens: {
      message: 'A single reply of the model became too long and was cut off.',
      next: 'Ask for smaller files or a smaller change.',
    },
    max_iterations: {
      message: `The model was not done after ${limits.maxIterations} steps.`,
      next: 'Split the task into smaller ones.',
    },
    context_window: {
      message: 'The task did not fit into what the model can read at once.',
      next: 'Split the task into smaller ones, or name the files it is about.',
    },
  };
  return { outcome: 'stopped', reason, ...words[reason], ...spent };
}

function refusalOf(reply: BetaMessage): string {
  const details = reply.stop_details;
  if (details?.type !== 'refusal') return '';
  return (details.explanation ?? (details.category ? `Category: ${details.category}.` : '')).slice(0, 300);
}
