import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readChanges } from './read-changes.ts';
import { removeTree } from './remove-tree.ts';
import { removeGitDirectories } from './nested-git.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror } from './mirror.ts';
import type { Scratch } from './port.ts';

/**
 * Writes `base` into a new folder that holds no git directory at all. The index and the objects that reading
 * the changes makes stay beside it, out of the model's reach, and go with it.
 */
export async function openScratch(
  git: Git,
  mirror: Mirror,
  options: { folder: string; base: string; signal?: AbortSignal },
): Promise<Scratch> {
  const { folder, base, signal } = options;
  await removeTree(folder);
  const path = join(folder, 'files');
  const objects = join(folder, 'objects');
  await mkdir(path, { recursive: true });
  await mkdir(objects, { recursive: true });
  const place: GitPlace = {
    gitDir: mirror.path,
    workTree: path,
    indexFile: join(folder, 'index'),
    objects: { directory: objects, alternates: [join(mirror.path, 'objects')] },
  };
  await git.output(['read-tree', '--reset', '-u', base], { place, signal });

  return {
    path,
    base,
    async readChanges(wanted = signal) {
      await removeGitDirectories(path);
      return readChanges(git, place, base, wanted);
    },
    dispose: () => removeTree(folder),
  };
}
