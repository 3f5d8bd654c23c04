import type { Executor } from './client.ts';
import type { NewEvent } from './events.ts';

export type RunEvent = NewEvent & { runId: string };

type Listener = (events: readonly RunEvent[]) => void;

const listeners = new WeakMap<Executor, Listener>();

/** Notes what a transaction, or a statement of its own, has appended to the trail, for `tellCommitted`. */
export function noteAppended(tx: Executor, runId: string, events: readonly NewEvent[]): void {
  listeners.get(tx)?.(events.map((event) => ({ ...event, runId })));
}

/**
 * Has `listen` told of every event that is written through `db`, once its transaction has committed and
 * never when it was rolled back, in the context of whoever made the transaction. Changes `db` itself.
 */
export function tellCommitted(db: Executor, listen: Listener): void {
  listeners.set(db, listen);
  const transaction = db.transaction.bind(db);
  db.transaction = async (work, options) => {
    const events: RunEvent[] = [];
    const result = await transaction(async (tx) => {
      listeners.set(tx as Executor, (more) => void events.push(...more));
      return work(tx);
    }, options);
    if (events.length > 0) listen(events);
    return result;
  };
}
