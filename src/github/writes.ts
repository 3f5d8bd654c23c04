import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs work of the same key one after another. A failure does not hold up the next. `first` goes before
 * everything of its key that is not: what somebody waits for before what merely reports.
 */
export type Serial = <T>(key: string, work: () => Promise<T>, options?: { first?: boolean }) => Promise<T>;

/** A key at work; what waits for its turn, each to be let go. */
type Lane = { first: (() => void)[]; others: (() => void)[] };

/**
 * `minIntervalMs` lies between the end of one and the start of the next. GitHub asks for a second
 * between requests that change something:
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
 * The order holds within this process; several workers share GitHub's limits, not this queue.
 */
export function createSerial(options: { minIntervalMs: number }): Serial {
  const lanes = new Map<string, Lane>();

  async function passOn(key: string, lane: Lane): Promise<void> {
    if (options.minIntervalMs > 0) await sleep(options.minIntervalMs);
    const next = lane.first.shift() ?? lane.others.shift();
    if (next) next();
    else lanes.delete(key);
  }

  return async (key, work, { first = false } = {}) => {
    const known = lanes.get(key);
    const lane = known ?? { first: [], others: [] };
    if (known) await new Promise<void>((go) => (first ? lane.first : lane.others).push(go));
    else lanes.set(key, lane);
    try {
      return await work();
    } finally {
      void passOn(key, lane);
    }
  };
}
