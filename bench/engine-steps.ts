import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { z } from 'zod';
import { pino } from 'pino';
import type { Database, Executor } from '../src/db/client.ts';
import * as schema from '../src/db/schema.ts';
import { handlers, knownTools } from '../src/handlers/registry.ts';
import { defineHandler } from '../src/handlers/handler.ts';
import { startQueue } from '../src/queue/boss.ts';
import type { ClaimedJob, Queue } from '../src/queue/jobs.ts';
import { PROGRESS_WORKERS } from '../src/queue/queues.ts';
import { watchCancels } from '../src/runs/cancel.ts';
import type { Deps } from '../src/runs/deps.ts';
import { executeStep, executeSteps } from '../src/runs/execute-step.ts';
import { openRun } from '../src/runs/open-run.ts';
import { runRequest } from '../tests/support/run-request.ts';
import { percentile, spread, type Spread } from './stats.ts';

export type EngineOptions = { rounds: number; runs: number; chains: number; concurrency: number };

/** Of the two, and ours beside pg-boss's round by round. */
export type Beside = { ours: Spread; bare: Spread; ratio: Spread };
export type EngineFigures = { database: string; stepsPerSecond: Beside; chainMs: Beside };

const STEPS = 10;
const NOOP = 'bench:noop';
const log = pino({ level: 'silent' });

// A tool that does nothing, so that all the time there is belongs to the engine.
Object.assign(handlers, {
  [NOOP]: defineHandler({
    inputs: z.looseObject({}),
    timeLimitMs: 60_000,
    secrets: [],
    run: async () => ({ status: 'succeeded' as const, outputs: {} }),
  }),
});
knownTools.push(NOOP);

let triggers = 0;
async function openChain(database: Database, queue: Queue): Promise<void> {
  const name = `bench:${process.pid}:${(triggers += 1)}`;
  const request = runRequest({ triggerKey: name });
  const steps = Array.from({ length: STEPS }, (_, index) => ({ name: `s${index}`, tool: NOOP }));
  // An issue of its own, so that no run waits for another; and never held back for the queue's age.
  const issue = { ...request.source.issue!, number: triggers };
  const opened = await openRun(
    { db: database.db, queue },
    { ...request, source: { ...request.source, issue }, plan: { goal: 'g', steps }, backpressureAgeMs: 3_600_000 },
  );
  if (!opened.ok) throw new Error(opened.errors.join());
}

/** Works with the real engine; `done` hears of each step that is over. */
async function workOurs(database: Database, queue: Queue, concurrency: number, done: () => void): Promise<() => void> {
  const deps = { db: database.db, queue, log, adapters: { redact: (text: string) => text } } as unknown as Deps;
  const cancels = watchCancels(deps);
  const execute = executeSteps(async (job) => {
    const next = await executeStep(deps, cancels, job);
    done();
    return next;
  });
  await queue.work('step', concurrency, execute);
  // As in the whole of NOFX, but for what GitHub would be told: an update that nobody takes would be asked for at each step.
  await queue.work('progress', PROGRESS_WORKERS, async () => {});
  return cancels.stop;
}

/** PGlite as it comes, without what ours does to it. */
export async function plainPglite(): Promise<Database> {
  const pglite = await PGlite.create({ postgresqlconf: ['shared_buffers=16MB'] });
  return {
    db: drizzle(pglite, { schema }) as unknown as Executor,
    link: { kind: 'pglite', pglite },
    close: () => pglite.close(),
  };
}

function countdown(count: number): { done(): void; all: Promise<void> } {
  const all = Promise.withResolvers<void>();
  let left = count;
  return {
    done() {
      left -= 1;
      if (left === 0) all.resolve();
    },
    all: all.promise,
  };
}

const sendBare = (database: Database, queue: Queue, guid: string) =>
  database.db.transaction((tx) => queue.enqueue(tx, 'delivery', { guid }));

/** Steps a second of runs that wait already, ten steps each. */
export async function oursPerSecond(database: Database, { runs, concurrency }: EngineOptions): Promise<number> {
  const queue = await startQueue(database, log);
  for (let index = 0; index < runs; index += 1) await openChain(database, queue);
  const { done, all } = countdown(runs * STEPS);
  const began = performance.now();
  const stop = await workOurs(database, queue, concurrency, done);
  await all;
  const seconds = (performance.now() - began) / 1000;
  stop();
  await queue.stop(1_000);
  return (runs * STEPS) / seconds;
}

/** Jobs a second of pg-boss alone, as many at a time: fetched, handed to a function that does nothing, completed. */
async function barePerSecond(database: Database, { runs, concurrency }: EngineOptions): Promise<number> {
  const queue = await startQueue(database, log);
  for (let index = 0; index < runs * STEPS; index += 1) await sendBare(database, queue, String(index));
  const { done, all } = countdown(runs * STEPS);
  const began = performance.now();
  await queue.work('delivery', concurrency, async () => done());
  await all;
  const seconds = (performance.now() - began) / 1000;
  await queue.stop(1_000);
  return (runs * STEPS) / seconds;
}

/** Milliseconds from the request to the end of the last of ten steps, one chain after another; the median. */
export async function oursChain(database: Database, { chains }: EngineOptions): Promise<number> {
  const queue = await startQueue(database, log);
  let left = countdown(STEPS);
  const stop = await workOurs(database, queue, 1, () => left.done());
  const times = await timed(chains, async () => {
    left = countdown(STEPS);
    await openChain(database, queue);
    await left.all;
  });
  stop();
  await queue.stop(1_000);
  return percentile(times, 50);
}

/** The same of a handler that sends the next job. */
async function bareChain(database: Database, { chains }: EngineOptions): Promise<number> {
  const queue = await startQueue(database, log);
  let over = Promise.withResolvers<void>();
  await queue.work('delivery', 1, async ({ data }: ClaimedJob<'delivery'>) => {
    const step = Number(data.guid) + 1;
    if (step === STEPS) over.resolve();
    else await sendBare(database, queue, String(step));
  });
  const times = await timed(chains, async () => {
    over = Promise.withResolvers();
    await sendBare(database, queue, '0');
    await over.promise;
  });
  await queue.stop(1_000);
  return percentile(times, 50);
}

async function timed(count: number, work: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b);
}

/**
 * Ours and pg-boss alone in turns, so that a slow moment of the machine hits both. `bare` is the database as pg-boss alone
 * would have it.
 */
export async function measureEngine(
  name: string,
  { database, bare }: { database: Database; bare: Database },
  options: EngineOptions,
): Promise<EngineFigures> {
  const rounds = { ours: [] as number[], bare: [] as number[], oursChain: [] as number[], bareChain: [] as number[] };
  for (let round = 0; round <= options.rounds; round += 1) {
    const figures = {
      ours: await oursPerSecond(database, options),
      bare: await barePerSecond(bare, options),
      oursChain: await oursChain(database, options),
      bareChain: await bareChain(bare, options),
    };
    if (round === 0) {
      // Code and caches were cold; and of new tables Postgres knows nothing until it looks, within the minute.
      for (const each of new Set([database, bare])) await each.db.execute(sql`analyze`);
      continue;
    }
    for (const key of ['ours', 'bare', 'oursChain', 'bareChain'] as const) rounds[key].push(figures[key]);
  }
  return {
    database: name,
    stepsPerSecond: beside(rounds.ours, rounds.bare),
    chainMs: beside(rounds.oursChain, rounds.bareChain),
  };
}

function beside(ours: number[], bare: number[]): Beside {
  return { ours: spread(ours), bare: spread(bare), ratio: spread(ours.map((each, round) => each / bare[round]!)) };
}
