import type { JobResult, PgBoss } from 'pg-boss';

/** For how long the jobs of a batch wait for one another, to be settled with one statement. */
const TOGETHER_MS = 200;

type Claim = { id: string; retryCount: number };

/**
 * Does the jobs of a batch beside one another, and gives how each ended. Where some take their time, those that are done are
 * not kept for it: each is settled by itself, so that what waits for its end, the next job of its singleton key, can go on.
 * pg-boss is told of them once more with the rest, which changes nothing.
 *
 * `late` is told of a batch that takes its time; what it gives is called at the end of that batch.
 */
export async function endTogether<J extends Claim>(
  boss: Pick<PgBoss, 'complete' | 'fail'>,
  name: string,
  jobs: readonly J[],
  { work, late }: { work: (job: J) => Promise<void>; late: () => () => void },
): Promise<JobResult[]> {
  const ended: End<J>[] = [];
  let over = null as (() => void) | null;
  const timer = setTimeout(() => {
    over = late();
    for (const end of ended) void settle(boss, name, end);
  }, TOGETHER_MS);
  await Promise.all(
    jobs.map(async (job) => {
      const end = { job, result: await resultOf(job, work) };
      ended.push(end);
      if (over && ended.length < jobs.length) await settle(boss, name, end);
    }),
  );
  clearTimeout(timer);
  over?.();
  return ended.map(({ result }) => result);
}

type End<J> = { job: J; result: JobResult };

async function resultOf<J extends Claim>(job: J, work: (job: J) => Promise<void>): Promise<JobResult> {
  try {
    await work(job);
    return { id: job.id, status: 'completed' };
  } catch (error) {
    return { id: job.id, status: 'failed', output: error };
  }
}

async function settle(boss: Pick<PgBoss, 'complete' | 'fail'>, name: string, end: End<Claim>): Promise<void> {
  const { id, retryCount } = end.job;
  const { status, output } = end.result;
  try {
    if (status === 'completed') await boss.complete(name, { id, retryCount });
    else await boss.fail(name, { id, retryCount }, output);
  } catch {
    // Then it ends with the rest of its batch.
  }
}
