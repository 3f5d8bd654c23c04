import { setTimeout as sleep } from 'node:timers/promises';
import type { GitHubStandIn } from '../../src/playground/github-stand-in.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { Supervised } from './supervisor.ts';

export type Counts = { kills: number; cuts: number; lostAnswers: number; redelivered: number };

export type Pace = {
  /** A worker is killed so many ms after the one before it: at least, and at most. */
  kill: readonly [number, number];
  /** The database is cut off so many ms after it came back. */
  cut: number;
  /** So often at most, each. A step that takes its worker down four times is given up. */
  times: number;
};

/** Makes trouble of every kind until it is told to stop, and then leaves the database there. */
export function makeTrouble(options: {
  postgres: PostgresServer;
  github: GitHubStandIn;
  workers: Supervised[];
  counts: Counts;
  pace: Pace;
}): { stop(): Promise<void> } {
  const { postgres, github, workers, counts, pace } = options;
  const over = new AbortController();
  /** False once it is over. */
  const pause = (ms: number) => sleep(ms, true, { signal: over.signal }).catch(() => false);

  for (const method of ['POST', 'PATCH']) {
    github.failNext({
      method,
      path: /^\/repos\//,
      status: 502,
      afterEffect: true,
      times: Infinity,
      strikes() {
        const strikes = !over.signal.aborted && Math.random() < 0.05;
        if (strikes) counts.lostAnswers += 1;
        return strikes;
      },
    });
  }

  async function kill(): Promise<void> {
    const [least, most] = pace.kill;
    while (counts.kills < pace.times && (await pause(least + Math.random() * (most - least)))) {
      const worker = workers[Math.floor(Math.random() * workers.length)]!;
      if (worker.kill()) counts.kills += 1;
    }
  }

  async function cut(): Promise<void> {
    while (counts.cuts < pace.times && (await pause(pace.cut))) {
      await postgres.cut();
      counts.cuts += 1;
      await pause(500 + Math.random() * 1_500);
      await postgres.restore();
    }
  }

  const trouble = Promise.all([kill(), cut()]);
  return {
    async stop() {
      over.abort();
      await trouble;
    },
  };
}

/** What an operator's click on "Redeliver" does, for every webhook that nobody has taken. Gives how many there were. */
export async function redeliverLost(github: GitHubStandIn): Promise<number> {
  const newest = new Map<string, { id: number; statusCode: number }>();
  const taken = new Set<string>();
  for (const { guid, id, statusCode } of github.deliveries()) {
    if (!newest.has(guid)) newest.set(guid, { id, statusCode });
    if (statusCode >= 200 && statusCode < 300) taken.add(guid);
  }
  // 0: still under way
  const lost = [...newest].filter(([guid, { statusCode }]) => !taken.has(guid) && statusCode !== 0);
  for (const [, { id }] of lost) await github.redeliver(id);
  return lost.length;
}
