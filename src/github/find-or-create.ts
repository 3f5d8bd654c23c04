import { setTimeout as sleep } from 'node:timers/promises';
import { alreadyExists, mayHaveHappened } from './errors.ts';

/**
 * Finds a thing by its natural key, or makes it. After a 5xx or a cut connection nobody knows whether
 * it was made, so it is looked for again before anybody tries again. `settle` are the waits before each
 * of these looks, in ms: GitHub's lists lag behind its writes.
 */
export async function findOrCreate<T>(thing: {
  find: () => Promise<T | null>;
  create: () => Promise<T>;
  settle: readonly number[];
}): Promise<{ value: T; created: boolean }> {
  const found = await thing.find();
  if (found !== null) return { value: found, created: false };
  try {
    return { value: await thing.create(), created: true };
  } catch (error) {
    const unsure = mayHaveHappened(error);
    if (!unsure && !alreadyExists(error)) throw error;
    for (const wait of thing.settle) {
      if (wait > 0) await sleep(wait);
      const again = await thing.find();
      // A lost answer to our own request is our own making; an "already exists" is somebody's before us.
      if (again !== null) return { value: again, created: unsure };
    }
    throw error;
  }
}
