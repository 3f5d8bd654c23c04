import { stat } from 'node:fs/promises';
import { lock } from 'proper-lockfile';
import { RetryableError } from '../errors.ts';

/** A lock that was not touched for so many ms is of a process that is gone. */
export const STALE_MS = 20_000;

/**
 * Runs `work` while no other process or task holds the lock of `path` (a folder `<path>.lock`
 * beside it, touched while held, see `STALE_MS`). RetryableError after 5 minutes.
 */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path, signal);
  try {
    return await work();
  } finally {
    // A lock lost to a stall is no reason to fail work that is done.
    await release().catch(() => undefined);
  }
}

/** Removes the lock of `path` where it is of a process that is gone. False where there is none such. */
export async function dropStaleLock(path: string): Promise<boolean> {
  const held = await stat(`${path}.lock`).catch(() => null);
  if (held === null || Date.now() - held.mtimeMs < STALE_MS) return false;
  try {
    await (
      await take(path)
    )();
    return true;
  } catch (error) {
    if (isHeld(error)) return false;
    throw error;
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  const until = Date.now() + 300_000;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 500)) {
    signal?.throwIfAborted();
    try {
      return await take(path);
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (Date.now() > until) throw new RetryableError(`waited too long for another run on ${path}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
    }
  }
}

const take = (path: string) =>
  lock(path, { stale: STALE_MS, update: 5_000, realpath: false, onCompromised: () => undefined });

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED';
}
