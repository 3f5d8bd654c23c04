import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobWithMetadata, PgBoss, WorkOptions } from 'pg-boss';
import { storableText } from '../domain/storable.ts';
import { messageOf } from '../errors.ts';
import { endTogether } from './batch.ts';
import type { ClaimedJob, Jobs, QueueName } from './jobs.ts';
import { GROUP_CONCURRENCY } from './queues.ts';

export type Handle<N extends QueueName> = (job: ClaimedJob<N>) => Promise<void>;

type Options = WorkOptions & { includeMetadata: true };

/** Starts a worker of pg-boss that does one job at a time; gives its id. */
export async function startWorker<N extends QueueName>(boss: PgBoss, name: N, handle: Handle<N>): Promise<string> {
  const id: string = await boss.work<Jobs[N], void, Options>(name, { ...optionsOf(name), batchSize: 1 }, ([job]) =>
    inTurn(boss, id, () => handled(job!, handle)),
  );
  return id;
}

/** Starts one that does up to `size` jobs at a time. `late` is told of each batch that takes its time (`endTogether`). */
export async function startBatchWorker<N extends QueueName>(
  boss: PgBoss,
  name: N,
  handle: Handle<N>,
  { size, late }: { size: number; late: (id: string) => () => void },
): Promise<string> {
  const work = (job: JobWithMetadata<Jobs[N]>) => handled(job, handle);
  const id: string = await boss.work<Jobs[N], void, Options & { perJobResults: true }>(
    name,
    { ...optionsOf(name), batchSize: size, perJobResults: true },
    (jobs) => inTurn(boss, id, () => endTogether(boss, name, jobs, { work, late: () => late(id) })),
  );
  return id;
}

function optionsOf(name: QueueName): Options {
  return {
    includeMetadata: true,
    // Retried and deferred jobs send no notification, so polling stays at a second beside it.
    pollingIntervalSeconds: 1,
    notifyPollingIntervalSeconds: 1,
    ...(GROUP_CONCURRENCY[name] ? { groupConcurrency: GROUP_CONCURRENCY[name] } : {}),
  };
}

async function inTurn<T>(boss: PgBoss, workerId: string, work: () => Promise<T>): Promise<T> {
  // PGlite answers within microtasks: without a pause a full queue would be worked off before any socket is
  // read again, and webhooks would wait for all of it.
  await nextTurn();
  try {
    return await work();
  } finally {
    // A notification came once per job; this worker may have been busy then. Look again at once.
    boss.notifyWorker(workerId);
  }
}

/**
 * pg-boss keeps what a job failed of, with all that hangs on it. That may be a whole webhook, or what Postgres does not
 * take, which then would fail in its turn: so it gets no more than the words.
 */
async function handled<N extends QueueName>(job: JobWithMetadata<Jobs[N]>, handle: Handle<N>): Promise<void> {
  try {
    await handle(claimed(job));
  } catch (error) {
    // oxlint-disable-next-line preserve-caught-error -- a cause would be kept as well
    throw new Error(storableText(messageOf(error)));
  }
}

function claimed<N extends QueueName>(job: JobWithMetadata<Jobs[N]>): ClaimedJob<N> {
  const { id, retryCount: retry, priority, groupId, data, signal } = job;
  return { id, retry, priority, group: groupId ?? undefined, data, signal };
}
