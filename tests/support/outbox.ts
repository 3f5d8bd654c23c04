import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { listSteps, claimStep } from '../../src/db/steps.ts';
import { listAttempts, listMessages } from '../../src/db/messages.ts';
import { message, messageAttempt } from '../../src/db/schema.ts';
import { createOutbound } from '../../src/outbound/outbound.ts';
import { createDeliverer } from '../../src/outbox/deliver.ts';
import type { OutboxDeps } from '../../src/outbox/deps.ts';
import { finishStep } from '../../src/runs/finish-step.ts';
import { openRun, type RunRequest } from '../../src/runs/open-run.ts';
import { createSecretKeeper } from '../../src/secrets.ts';
import { freshDatabase } from './database.ts';
import { runRequest } from './run-request.ts';

export const CANARY = 'canary-secret-that-must-not-leave';

/** A database, its queue and an outbox at work on it. No GitHub, no model: runs are rows that the tests move on. */
export async function startOutbox() {
  const fresh = await freshDatabase();
  const lines: string[] = [];
  const secrets = createSecretKeeper([CANARY]);
  const deps: OutboxDeps = {
    ...fresh,
    ...secrets,
    outbound: createOutbound({ reach: 'loopback' }),
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
  };
  let runs = 0;
  return {
    ...fresh,
    deps,
    secrets,
    lines,
    /** Starts the worker; `deps` may differ from the outbox's own. */
    work: (own: Partial<OutboxDeps> = {}) => fresh.queue.work('outbound', 4, createDeliverer({ ...deps, ...own })),
    async open(overrides: Partial<RunRequest> = {}): Promise<string> {
      const opened = await openRun(fresh, ownLane({ triggerKey: `outbox:${(runs += 1)}`, ...overrides }));
      if (!opened.ok) throw new Error(opened.errors.join());
      return opened.run.id;
    },
    /** Claims and finishes the run's first step. */
    async finish(runId: string): Promise<void> {
      const [step] = await listSteps(fresh.db, runId);
      const claimed = await claimStep(fresh.db, step!.id, { job: `job-${runId}`, retry: 0 });
      await finishStep(fresh, claimed!, { status: 'succeeded', outputs: {} });
    },
    /** An endpoint's messages with their attempts, in the order of their events. */
    async log(endpointId: string) {
      const messages = (await listMessages(fresh.db, endpointId)).toReversed();
      return Promise.all(messages.map(async (one) => ({ ...one, log: await listAttempts(fresh.db, [one.id]) })));
    },
    /** Resolves once the log of a message has `count` attempts. */
    async attempted(messageId: string, count: number): Promise<void> {
      while ((await fresh.db.$count(messageAttempt, eq(messageAttempt.messageId, messageId))) < count) await pause();
    },
    /** Resolves once no message of the endpoint is on its way. */
    async settled(endpointId: string): Promise<void> {
      const open = sql`${message.endpointId} = ${endpointId} and ${message.status} = 'pending'`;
      while ((await fresh.db.$count(message, open)) > 0) await pause();
    },
    /** Seconds until each waiting job of the outbox, or of one endpoint, is due, rounded. */
    async due(endpointId?: string): Promise<number[]> {
      const { rows } = await fresh.db.execute<{ seconds: number }>(
        sql`select extract(epoch from start_after - now())::float8 as seconds from pgboss.job where name = 'outbound' and state = 'created' ${endpointId ? sql`and group_id = ${endpointId}` : sql``} order by 1`,
      );
      return rows.map(({ seconds }) => Math.round(seconds));
    },
    /** Leaves an endpoint's waiting messages one attempt, and makes them due. */
    async lastAttempt(endpointId: string): Promise<void> {
      await fresh.db
        .update(message)
        .set({ attempts: 8 })
        .where(sql`${message.endpointId} = ${endpointId} and ${message.status} = 'pending'`);
      await this.hurry();
    },
    /** Makes waiting jobs due at once, as if the time had passed. */
    async hurry(): Promise<void> {
      await fresh.db.execute(
        sql`update pgboss.job set start_after = now() where name = 'outbound' and state in ('created', 'retry')`,
      );
    },
  };
}

let issues = 0;

/** A request on an issue of its own, so that no run waits for another, nor for steps that nobody works on here. */
export function ownLane(overrides: Partial<RunRequest>): RunRequest {
  const request = runRequest(overrides);
  return {
    ...request,
    backpressureAgeMs: 1e9,
    source: { ...request.source, issue: { ...request.source.issue!, number: (issues += 1) } },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
