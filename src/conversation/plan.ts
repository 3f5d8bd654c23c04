import type { RunOptions } from '../domain/command-options.ts';
import { taskOf } from '../domain/event.ts';
import { UserError } from '../errors.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import type { Answer, Occasion } from './occasion.ts';
import { start } from './start.ts';

/** Opens a run that makes a plan first, and waits for a yes to it. Without a prompt it is about the issue's own text. */
export async function plan(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  { prompt, options }: { prompt: string; options: RunOptions },
): Promise<Answer> {
  const { issue } = occasion;
  if (issue.isPullRequest) {
    throw new UserError(
      'A plan is made on an issue, before there is a pull request.',
      'Here `/nofx <what to change>` changes the pull request; open an issue for what is to be planned.',
    );
  }
  return start(deps, defaults, occasion, { prompt: prompt || taskOf(issue), options, planFirst: true });
}
