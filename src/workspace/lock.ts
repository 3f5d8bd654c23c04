import { lock } from 'proper-lockfile';
import { RetryableError } from '../errors.ts';

/**
 * Runs `work` while no other process or task holds the lock of `path` (a folder `<path>.lock`
 * beside it, touched while held; one not touched for 20 s is stale). RetryableError after 5 minutes.
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

async function acquire(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  const until = Date.now() + 300_000;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 500)) {
    signal?.throwIfAborted();
    try {
      return await lock(path, { stale: 20_000, update: 5_000, realpath: false, onCompromised: () => undefined });
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (Date.now() > until) throw new RetryableError(`waited too long for another run on ${path}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
    }
  }
}

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED';
}
