import { AsyncLocalStorage } from 'node:async_hooks';

/** Thrown where a job does something after it was given to another worker: its process was frozen, or cut off. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

const held = new AsyncLocalStorage<() => Promise<boolean>>();

/** Does the work of a job; `holds` tells whether the job is still this worker's. */
export function underLease<T>(holds: () => Promise<boolean>, work: () => Promise<T>): Promise<T> {
  return held.run(holds, work);
}

/**
 * Asked at the last moment before something outside is changed: LeaseLost where the job that wants it is another worker's
 * by now. A process that wakes up after its lease would else finish the request it was frozen in. Outside of a job
 * there is nothing to lose.
 */
export async function assertLease(): Promise<void> {
  const holds = held.getStore();
  if (holds && !(await holds())) throw new LeaseLost('The job was given to another worker meanwhile.');
}
