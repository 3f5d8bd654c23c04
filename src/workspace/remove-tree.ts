import { rm } from 'node:fs/promises';
import { removeDeepTree, unlockTree } from './process.ts';

/** Removes a tree that others filled: also one whose folders were made unreadable, or lie too deep to be named. Never follows a symlink. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await unlockTree(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => removeDeepTree(path));
  }
}
