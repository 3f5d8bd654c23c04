import type { SQL } from 'drizzle-orm';
import type { Executor } from '../db/client.ts';
import { appendEvents, type NewEvent, type NewMessage } from '../db/events.ts';
import type { Queue } from '../queue/jobs.ts';

type Needs = Pick<Queue, 'enqueue'>;

/**
 * Appends events to a run's trail and sets a message for each endpoint that wants to know on its way: event, message
 * and job are one with the transaction. `change` is what the events say became of the run (`becomes`, db/runs). The way every event is born, but for those of `goOn` (runs/), which appends
 * them in a statement of its own.
 */
export async function publish(
  tx: Executor,
  queue: Needs,
  runId: string,
  events: NewEvent[],
  change?: SQL,
): Promise<void> {
  await sendMessages(tx, queue, await appendEvents(tx, runId, events, change));
}

/** Gives each message its job. */
export async function sendMessages(tx: Executor, queue: Needs, messages: NewMessage[]): Promise<void> {
  for (const { id, endpointId } of messages) {
    await queue.enqueue(tx, 'outbound', { messageId: id, endpointId }, { group: endpointId });
  }
}
