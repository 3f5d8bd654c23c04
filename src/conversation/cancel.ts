import { hasEarlier } from '../db/deliveries.ts';
import { laneOfIssue, listOpenRuns, type Run } from '../db/runs.ts';
import type { Deps } from '../runs/deps.ts';
import { RetryableError } from '../errors.ts';
import { cancelRun } from '../runs/cancel.ts';
import type { Answer, Occasion } from './occasion.ts';

type Engine = Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>;

const NOTHING = 'Nothing of NOFX is under way here, so there is nothing to cancel.';

/** Cancels a certain run, or else the one that is at work here, or the first in line. Its comment says the rest. */
export async function cancel(deps: Engine, occasion: Occasion, run: Run | null): Promise<Answer> {
  const open = await openHere(deps, occasion);
  const [first] = run ? open.filter(({ id }) => id === run.id) : open;
  if (!first && run === null) await assertNothingBefore(deps, occasion);
  if (!first) return { outcome: 'nothing to cancel', say: NOTHING, reaction: 'confused' };
  return cancelled(deps, [first], occasion);
}

/** Cancels all that is open here: at work, in line, or waiting for an approval. */
export async function unlock(deps: Engine, occasion: Occasion): Promise<Answer> {
  const open = await openHere(deps, occasion);
  if (open.length === 0) await assertNothingBefore(deps, occasion);
  if (open.length === 0) return { outcome: 'nothing to unlock', say: NOTHING, reaction: 'confused' };
  return cancelled(deps, open, occasion);
}

/** The label that asked was taken off: what it started and did not begin yet is not wanted any more. */
export async function withdrawLabel(deps: Engine, occasion: Occasion): Promise<Answer> {
  const open = await openHere(deps, occasion);
  const notBegun = open.filter((run) => run.source.commentId === null && run.startedAt === null);
  if (notBegun.length === 0) return { outcome: 'ignored: no run of the label waits' };
  return cancelled(deps, notBegun, occasion);
}

/** The issue was closed: nobody wants it any more. */
export async function withdrawAll(deps: Engine, occasion: Occasion): Promise<Answer> {
  const open = await openHere(deps, occasion);
  if (open.length === 0) return { outcome: 'ignored: nothing is under way there' };
  return cancelled(deps, open, occasion);
}

/**
 * Workers take what people say in about the order in which they said it. So where there is nothing to end, it may be that what
 * would start it was not looked at yet: then this comes back behind it.
 */
export async function assertNothingBefore(
  { db }: Pick<Engine, 'db'>,
  { deliveryId }: Pick<Occasion, 'deliveryId'>,
): Promise<void> {
  if (await hasEarlier(db, deliveryId))
    throw new RetryableError('What came before it has not been looked at yet.', { retryAfterMs: 2_000 });
}

function openHere({ db }: Engine, { projectId, issue }: Occasion): Promise<Run[]> {
  return listOpenRuns(db, laneOfIssue(projectId, issue.number));
}

/** Those in line go before the one at work, so that its end starts none of them. */
async function cancelled(deps: Engine, runs: readonly Run[], { sender }: Occasion): Promise<Answer> {
  for (const run of runs.toReversed()) await cancelRun(deps, run.id, sender.login);
  return { outcome: `cancelled ${runs.map(({ id }) => id).join(', ')}`, reaction: 'eyes' };
}
