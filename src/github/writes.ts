import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs work of the same key one after another. A failure does not hold up the next. `first` goes before
 * everything of its key that is not: what somebody waits for before what merely reports.
 */
export type Serial = <T>(key: string, work: () => Promise<T>, options?: { first?: boolean }) => Promise<T>;

type Lane = { first: (() => Promise<void>)[]; others: (() => Promise<void>)[] };

/**
 * `minIntervalMs` lies between the end of one and the start of the next. GitHub asks for a second
 * between requests that change something:
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
 * The order holds within this process; several workers share GitHub's limits, not this queue.
 */
export function createSerial(options: { minIntervalMs: number }): Serial {
  const lanes = new Map<string, Lane>();

  async function drive(key: string, lane: Lane): Promise<void> {
    for (let next; (next = lane.first.shift() ?? lane.others.shift()) !== undefined; ) {
      await next();
      if (options.minIntervalMs > 0) await sleep(options.minIntervalMs);
    }
    lanes.delete(key);
  }

  return (key, work, { first = false } = {}) =>
    new Promise((resolve, reject) => {
      const turn = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      const known = lanes.get(key);
      const lane = known ?? { first: [], others: [] };
      (first ? lane.first : lane.others).push(turn);
      if (known) return;
      lanes.set(key, lane);
      void drive(key, lane);
    });
}
