import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Executor } from '../db/client.ts';
import { countWorkers } from '../db/presence.ts';
import { queueDepths } from '../queue/depth.ts';

export type Limits = {
  /** how long the database has to answer */
  answerMs: number;
  /** how long a job may wait where nobody works, in seconds: a worker that is replaced is away for a moment */
  unworkedSeconds: number;
  /** what has to be free where artifacts and checkouts are written, in bytes */
  freeBytes: number;
};

const LIMITS: Limits = { answerMs: 5_000, unworkedSeconds: 60, freeBytes: 256 * 1024 * 1024 };

/** What is wrong with each part; null where all is well. Strangers read it: it names no host, path or run. */
export type Readiness = Record<'database' | 'queue' | 'disk', string | null>;

/** Whether NOFX can do what it is there for: its database answers, somebody works on its jobs, its disks are not full. */
export async function readiness(
  { db, folders }: { db: Executor; folders: readonly string[] },
  limits: Partial<Limits> = {},
): Promise<Readiness> {
  const { answerMs, unworkedSeconds, freeBytes } = { ...LIMITS, ...limits };
  const [work, free] = await Promise.all([
    within(answerMs, Promise.all([queueDepths(db), countWorkers(db)])),
    Promise.all(folders.map(freeIn)),
  ]);
  const [depths, workers] = work ?? [[], 0];
  const waited = Math.round(Math.max(0, ...depths.map(({ oldestSeconds }) => oldestSeconds)));
  return {
    database: work === null ? 'it does not answer' : null,
    queue:
      work === null
        ? 'it is in the database'
        : workers === 0 && waited > unworkedSeconds
          ? `nobody works, and a job has waited for ${waited} s`
          : null,
    disk: free.some((bytes) => bytes < freeBytes) ? `less than ${Math.round(freeBytes / 2 ** 20)} MiB are free` : null,
  };
}

/** The answer, or null where it is an error or comes too late. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  const { promise: tooLate, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ms);
  try {
    return await Promise.race([answer, tooLate]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes that are free where a folder is, or is going to be; 0 where it cannot be told. */
async function freeIn(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return dirname(folder) === folder ? 0 : freeIn(dirname(folder));
  }
}
