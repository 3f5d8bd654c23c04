import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs work of the same key one after another. A failure does not hold up the next. `first` goes before what is not: what
 * somebody waits for before what merely reports. The rest has every fourth turn, so that a crowd of the first does not keep
 * it waiting for as long as it comes.
 */
export type Serial = <T>(key: string, work: () => Promise<T>, options?: { first?: boolean }) => Promise<T>;

/** A key at work; what waits for its turn, each to be let go. */
type Lane = { first: (() => void)[]; others: (() => void)[]; passedOver: number };

const PASSED_OVER_AT_MOST = 3;

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
    const next = nextOf(lane);
    if (next) next();
    else lanes.delete(key);
  }

  function nextOf(lane: Lane): (() => void) | undefined {
    const overdue = lane.others.length > 0 && lane.passedOver >= PASSED_OVER_AT_MOST;
    const first = overdue ? undefined : lane.first.shift();
    lane.passedOver = first && lane.others.length > 0 ? lane.passedOver + 1 : 0;
    return first ?? lane.others.shift();
  }

  return async (key, work, { first = false } = {}) => {
    const known = lanes.get(key);
    const lane = known ?? { first: [], others: [], passedOver: 0 };
    if (known) await new Promise<void>((go) => (first ? lane.first : lane.others).push(go));
    else lanes.set(key, lane);
    try {
      return await work();
    } finally {
      void passOn(key, lane);
    }
  };
}
