import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeCommit } from './make-commit.ts';
import { readChanges } from './read-changes.ts';
import { removeTree } from './remove-tree.ts';
import { removeGitDirectories } from './nested-git.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror } from './mirror.ts';
import type { ContentChange, Scratch } from './port.ts';

export type ScratchOptions = {
  folder: string;
  base: string;
  /** what is done already, against `base` */
  changes?: ContentChange[] | undefined;
  protectedPaths?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
};

/** Nobody sees it: it is how the changes come into the folder, as any commit would. */
const DONE_SO_FAR = { message: 'Done so far', author: { name: 'nofx', email: 'nofx' }, date: new Date(0) };

/**
 * Writes `base`, and the changes made to it so far, into a new folder that holds no git directory at all. The index and the objects that reading
 * the changes makes stay beside it, out of the model's reach, and go with it.
 */
export async function openScratch(git: Git, mirror: Mirror, options: ScratchOptions): Promise<Scratch> {
  const { folder, base, changes = [], protectedPaths, signal } = options;
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
  const ref = `refs/nofx/scratch/${basename(folder)}`;
  const start =
    changes.length === 0
      ? base
      : await makeCommit(git, mirror, { base, changes, meta: DONE_SO_FAR, ref, into: place, protectedPaths, signal });
  await git.output(['read-tree', '--reset', '-u', start], { place, signal });

  return {
    path,
    base,
    async readChanges(wanted = signal) {
      await removeGitDirectories(path);
      return readChanges(git, place, base, wanted);
    },
    async ignores(name) {
      const input = `${name}\0`;
      // Short: git waits for ever on a .gitignore that somebody has made a pipe.
      const asking = { place, input, signal, timeoutMs: 10_000 };
      return (await git.run(['check-ignore', '-z', '--stdin'], asking)).exitCode === 0;
    },
    dispose: () => removeTree(folder),
  };
}
