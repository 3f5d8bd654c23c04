import { findDelivery, finishDelivery } from '../db/deliveries.ts';
import { InternalError } from '../errors.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import type { Deps } from './deps.ts';

/** Hands an event to the Probot application; rejects when one of its handlers does. */
export type Receive = (event: { id: string; name: string; payload: unknown }) => Promise<void>;

/**
 * Works on one stored delivery and gives what came of it, null when it had been worked on before. Running it twice is harmless: everything behind it finds what it did.
 * An error leaves the job to the queue's retries.
 */
export async function processDelivery(
  deps: Pick<Deps, 'db'>,
  receive: Receive,
  job: ClaimedJob<'delivery'>,
): Promise<string | null> {
  const { guid } = job.data;
  const delivery = await findDelivery(deps.db, guid);
  if (delivery === null) throw new InternalError(`There is no delivery ${guid}.`);
  if (delivery.processedAt !== null) return null;
  await receive({ id: guid, name: delivery.event, payload: delivery.payload });
  const after = await findDelivery(deps.db, guid);
  if (after?.outcome) return after.outcome;
  const outcome = `ignored: nothing acts on ${delivery.event}`;
  await finishDelivery(deps.db, guid, outcome);
  return outcome;
}
