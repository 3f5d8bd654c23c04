import type { Executor } from './client.ts';
import type { NewEvent } from './events.ts';

export type RunEvent = NewEvent & { runId: string };

const appended = new WeakMap<Executor, RunEvent[]>();

/** Notes what a transaction has appended to the trail, for `tellCommitted`. */
export function noteAppended(tx: Executor, runId: string, events: readonly NewEvent[]): void {
  appended.get(tx)?.push(...events.map((event) => ({ ...event, runId })));
}

/**
 * Has `listen` told of every event that is written through `db`, once its transaction has committed and
 * never when it was rolled back, in the context of whoever made the transaction. Changes `db` itself.
 */
export function tellCommitted(db: Executor, listen: (events: readonly RunEvent[]) => void): void {
  const transaction = db.transaction.bind(db);
  db.transaction = async (work, options) => {
    const events: RunEvent[] = [];
    const result = await transaction(async (tx) => {
      appended.set(tx as Executor, events);
      return work(tx);
    }, options);
    if (events.length > 0) listen(events);
    return result;
  };
}
