import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobWithMetadata, type PgBoss } from 'pg-boss';
import type { DeadLetter, Jobs, Queue } from './jobs.ts';

type DeadLetters = Pick<Queue, 'listDead' | 'findDead' | 'removeDead'>;

/** The jobs that failed too often, in the queue `dead`. */
export function deadLetters(boss: PgBoss): DeadLetters {
  return {
    async listDead(limit) {
      return (await boss.findJobs<Jobs['dead']>('dead', { limit })).map(deadLetter);
    },
    async findDead(id) {
      if (!UUID.test(id)) return null;
      const [job] = await boss.findJobs<Jobs['dead']>('dead', { id });
      return job ? deadLetter(job) : null;
    },
    async removeDead(tx, id) {
      await boss.deleteJob('dead', id, { db: fromDrizzle(tx, sql) });
    },
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function deadLetter(job: JobWithMetadata<Jobs['dead']>): DeadLetter {
  const error = job.sourceOutput as { message?: unknown } | null;
  return {
    id: job.id,
    data: job.data,
    from: job.data.guid ? 'delivery' : job.data.stepId ? 'step' : null,
    diedAt: new Date(job.createdOn),
    closed: job.state === 'completed',
    reason: job.data.reason ?? (typeof error?.message === 'string' ? error.message : 'its worker was lost'),
  };
}
