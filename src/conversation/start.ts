import { asError } from '../errors.ts';
import type { Deps } from '../runs/deps.ts';
import type { RunDefaults, RunDemand } from '../runs/demand.ts';
import { requestRevision } from '../runs/request-revision.ts';
import { requestRun } from '../runs/request-run.ts';
import type { Answer, Occasion } from './occasion.ts';

/** Opens the run that somebody asked for: on an issue a new pull request, on a pull request of ours a change of it. */
export async function start(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  asked: Pick<RunDemand, 'prompt' | 'options' | 'repeats' | 'planFirst'>,
): Promise<Answer> {
  const { repository, sender, issue, commentId, triggerKey, target, remarks, threadId } = occasion;
  const request = issue.isPullRequest ? requestRevision : requestRun;
  // At once: the reaction may have to wait for its turn among the writes to GitHub, the run need not.
  const [requested, reacted] = await Promise.allSettled([
    request(deps, defaults, {
      repository,
      requester: sender,
      issue,
      commentId,
      triggerKey,
      remarks,
      threadId,
      ...asked,
    }),
    target && deps.adapters.github.react(repository, target, 'eyes'),
  ]);
  if (requested.status === 'rejected') throw asError(requested.reason);
  if (reacted.status === 'rejected') throw asError(reacted.reason);
  const { id, opened } = requested.value;
  deps.log.info({ run: id, delivery: occasion.deliveryId }, opened ? 'run opened' : 'run was open already');
  return { outcome: `run ${id}` };
}
