import type { Agent, CodeTask } from '../agent/port.ts';
import type { BudgetLeft } from '../domain/budget.ts';
import { UserError } from '../errors.ts';
import { createAccount } from './account.ts';
import type { StepContext } from './handler.ts';

/** What a model is told of every task, and what it may cost. */
type Common = Pick<CodeTask, 'source' | 'protectedPaths' | 'maxCostUsd' | 'signal' | 'onUsage'>;

/** Has a model work for a run, within what may still be spent, and books what it costs. UserError where there is no model. */
export async function askModel<T>(
  context: StepContext,
  ask: (agent: Agent, common: Common) => Promise<T>,
): Promise<{ result: T; left: BudgetLeft }> {
  const { run, adapters, signal } = context;
  if (adapters.agent === null) {
    throw new UserError('This NOFX has no model to work with.', 'Whoever runs it must set ANTHROPIC_API_KEY.');
  }
  const { repository, kind, issue, remarks } = run.source;
  const account = createAccount(context.spend, await context.budget());
  try {
    const result = await ask(adapters.agent, {
      source: { repository, kind, number: issue?.number, title: issue?.title, body: issue?.body, remarks },
      protectedPaths: run.config.protectedPaths,
      maxCostUsd: account.cap,
      signal,
      onUsage: account.note,
    });
    return { result, left: await account.settle() };
  } finally {
    // Also what a conversation that failed has cost is booked before the step ends.
    await account.settle();
  }
}
