import { openDb } from '../src/db/client.ts';
import { migrate } from '../src/db/migrate.ts';
import { fillPast } from '../tests/support/past.ts';
import { plansOf, type Plan } from '../tests/support/plans.ts';
import { oursChain, oursPerSecond, type EngineOptions } from './engine-steps.ts';
import { spread, type Spread } from './stats.ts';

/** Of a database with little past and one with much, and the second beside the first round by round. */
export type Grown = { little: Spread; much: Spread; ratio: Spread };
export type GrowthFigures = { perSecond: Grown; chainMs: Grown; plans: Plan[] };

const RUNS = { little: 100, much: 100_000 };

/** The same work on a database with 1,000 past events and on one with 1,000,000 and 100,000 runs, in turns. */
export async function measureGrowth(
  urlOf: (name: string) => Promise<string>,
  options: EngineOptions,
): Promise<GrowthFigures> {
  const open = async (name: keyof typeof RUNS) => {
    const database = await openDb({ kind: 'postgres', url: await urlOf(name) });
    await migrate(database);
    // Once, for the queue's tables; then the past.
    await oursChain(database, { ...options, chains: 1 });
    await fillPast(database.db, RUNS[name]);
    return database;
  };
  const databases = { little: await open('little'), much: await open('much') };
  try {
    const rounds = {
      little: { perSecond: [] as number[], chain: [] as number[] },
      much: { perSecond: [] as number[], chain: [] as number[] },
    };
    for (let round = 0; round <= options.rounds; round += 1) {
      for (const name of ['little', 'much'] as const) {
        const perSecond = await oursPerSecond(databases[name], options);
        const chain = await oursChain(databases[name], options);
        if (round === 0) continue; // caches were cold
        rounds[name].perSecond.push(perSecond);
        rounds[name].chain.push(chain);
      }
    }
    const grown = (figure: 'perSecond' | 'chain'): Grown => ({
      little: spread(rounds.little[figure]),
      much: spread(rounds.much[figure]),
      ratio: spread(rounds.much[figure].map((value, round) => value / rounds.little[figure][round]!)),
    });
    return { perSecond: grown('perSecond'), chainMs: grown('chain'), plans: await plansOf(databases.much) };
  } finally {
    await databases.little.close();
    await databases.much.close();
  }
}
