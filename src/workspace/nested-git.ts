import type { Dirent } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isGitDirectory } from '../domain/paths.ts';
import { removeTree } from './remove-tree.ts';

/**
 * Removes everything named `.git` (in any spelling) from a checkout whose own git directory is elsewhere. A
 * repository that a command made inside would otherwise be recorded as a submodule instead of its files, and git
 * might run what its configuration says. Pipes, sockets and devices go as well: git keeps none, and would wait for ever on a
 * .gitignore that is one.
 */
export async function removeGitDirectories(folder: string): Promise<void> {
  const entries = await entriesOf(folder);
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (isGitDirectory(entry.name) || !isKept(entry)) await removeTree(path);
      else if (entry.isDirectory()) await removeGitDirectories(path);
    }),
  );
}

/** What is in a folder that a command may have locked. One that lies too deep to be named goes: git could not name it either. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') {
      await removeTree(folder);
      return [];
    }
    await chmod(folder, 0o700);
    return readdir(folder, { withFileTypes: true });
  }
}

function isKept(entry: Dirent): boolean {
  return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
}
