import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isGitDirectory } from '../domain/paths.ts';
import { removeTree } from './remove-tree.ts';

/**
 * Removes everything named `.git` (in any spelling) from a checkout whose own git directory is elsewhere. A
 * repository that a command made inside would otherwise be recorded as a submodule instead of its files, and git
 * might run what its configuration says.
 */
export async function removeGitDirectories(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (isGitDirectory(entry.name)) await removeTree(path);
      else if (entry.isDirectory()) await removeGitDirectories(path);
    }),
  );
}
