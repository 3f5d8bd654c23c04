import { setTimeout as sleep } from 'node:timers/promises';

/** Runs work of the same key one after another. A failure does not hold up the next. */
export type Serial = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/**
 * `minIntervalMs` lies between the end of one and the start of the next. GitHub asks for a second
 * between requests that change something:
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
 * The order holds within this process; several workers share GitHub's limits, not this queue.
 */
export function createSerial(options: { minIntervalMs: number }): Serial {
  const tails = new Map<string, Promise<void>>();

  return (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => (options.minIntervalMs > 0 ? sleep(options.minIntervalMs) : undefined))
      .then(() => {
        // The last one takes the key away, so that the map does not grow for ever.
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return result;
  };
}
