import type { RunOptions } from '../domain/command-options.ts';
import { asError } from '../errors.ts';
import type { Deps } from '../runs/deps.ts';
import { requestRun, type RunDefaults, type RunDemand } from '../runs/request-run.ts';
import type { Answer, Occasion } from './occasion.ts';

/** Opens the run that somebody asked for on an issue. */
export async function start(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  asked: { prompt: string; options: RunOptions; repeats?: RunDemand['repeats'] },
): Promise<Answer> {
  const { repository, sender, issue, commentId, triggerKey, target } = occasion;
  // At once: the reaction may have to wait for its turn among the writes to GitHub, the run need not.
  const [requested, reacted] = await Promise.allSettled([
    requestRun(deps, defaults, { repository, requester: sender, issue, commentId, triggerKey, ...asked }),
    target && deps.adapters.github.react(repository, target, 'eyes'),
  ]);
  if (requested.status === 'rejected') throw asError(requested.reason);
  if (reacted.status === 'rejected') throw asError(reacted.reason);
  const { id, opened } = requested.value;
  deps.log.info({ run: id, delivery: occasion.deliveryId }, opened ? 'run opened' : 'run was open already');
  return { outcome: `run ${id}` };
}
