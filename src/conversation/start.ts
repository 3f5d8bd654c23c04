import { asError } from '../errors.ts';
import type { Opened, RunDefaults, RunDemand } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import { requestRevision } from '../runs/request-revision.ts';
import { requestRun } from '../runs/request-run.ts';
import type { Answer, Occasion } from './occasion.ts';

/** Opens the run that somebody asked for: on an issue a new pull request, on a pull request of ours a change of it. */
export async function start(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  asked: Pick<RunDemand, 'prompt' | 'options' | 'remarks' | 'repeats' | 'planFirst'>,
): Promise<Answer> {
  const request = occasion.issue.isPullRequest ? requestRevision : requestRun;
  return opening(deps, occasion, (demand) => request(deps, defaults, { ...demand, ...asked }));
}

type Demanded = Omit<RunDemand, 'prompt' | 'options' | 'repeats'>;

/** Opens a run and shows that it was seen. At once: the reaction may have to wait for its turn among the writes to GitHub, the run need not. */
export async function opening(
  deps: Deps,
  occasion: Occasion,
  open: (demand: Demanded) => Promise<Opened>,
): Promise<Answer> {
  const { repository, sender, issue, commentId, triggerKey, target, remarks, threadId } = occasion;
  const [requested, reacted] = await Promise.allSettled([
    open({ repository, requester: sender, issue, commentId, triggerKey, remarks, threadId }),
    target && deps.adapters.github.react(repository, target, 'eyes'),
  ]);
  if (requested.status === 'rejected') throw asError(requested.reason);
  if (reacted.status === 'rejected') throw asError(reacted.reason);
  const { id, opened } = requested.value;
  deps.log.info({ run: id, delivery: occasion.deliveryId }, opened ? 'run opened' : 'run was open already');
  return { outcome: `run ${id}` };
}
