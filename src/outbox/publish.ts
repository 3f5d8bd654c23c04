import type { Executor } from '../db/client.ts';
import { appendEvents, type NewEvent } from '../db/events.ts';
import type { Queue } from '../queue/boss.ts';

/**
 * Appends events to a run's trail and sets a message for each endpoint that wants to know on its way: event, message
 * and job are one with the transaction. The way every event is born.
 */
export async function publish(
  tx: Executor,
  queue: Pick<Queue, 'enqueue'>,
  runId: string,
  events: NewEvent[],
): Promise<void> {
  for (const message of await appendEvents(tx, runId, events)) {
    await queue.enqueue(tx, 'outbound', { messageId: message.id }, { group: message.endpointId });
  }
}
