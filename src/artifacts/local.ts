import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sha256 } from './key.ts';
import type { ArtifactStore } from './port.ts';

/** One place that keeps bytes under keys. `read` gives null for a key that is not there. */
export type Backend = {
  write(key: string, bytes: Buffer, contentType: string): Promise<void>;
  read(key: string): Promise<Buffer | null>;
  /** Nothing happens to a key that is not there. */
  remove(key: string): Promise<void>;
};

/** A place that others may be sent to. */
export type Signer = { sign(key: string, options: { seconds: number; fileName: string }): Promise<string> };

/**
 * Bytes in files under `root`, readable by this user only. A file is either whole or not there: it is written beside
 * its place, flushed, and renamed.
 */
export function createLocalBackend(root: string): Backend {
  /** Where a key goes whose place is taken: a file where it needs a folder (a retried step made `a/b` of `a`). */
  const asideOf = (key: string) => join(root, '=aside', sha256(key));

  return {
    async write(key, bytes) {
      try {
        await writeWhole(join(root, key), bytes);
      } catch (error) {
        if (!isOneOf(error, 'ENOTDIR', 'EISDIR', 'EEXIST')) throw error;
        await writeWhole(asideOf(key), bytes);
      }
    },
    async read(key) {
      return (await readOrNull(join(root, key))) ?? (await readOrNull(asideOf(key)));
    },
    async remove(key) {
      for (const file of [join(root, key), asideOf(key)]) {
        await rm(file).catch((error: unknown) => {
          // A folder is a place that other keys have taken; its own bytes are aside.
          if (!isOneOf(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR')) throw error;
        });
      }
      await removeEmpty(root, dirname(key));
    },
  };
}

/** Folders that hold nothing any more, from `folder` upwards. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    try {
      await rmdir(join(root, at));
    } catch {
      return; // not empty, or gone: either way done
    }
  }
}

/**
 * Removes `runs/<id>` of runs that are not `known`, once they are older than `olderThanMs`: their rows were removed by a
 * process on another machine.
 */
export async function tidyLocal(
  root: string,
  { known, olderThanMs, signal }: Parameters<ArtifactStore['tidy']>[0],
): Promise<string[]> {
  const folder = join(root, 'runs');
  const names = await readdir(folder).catch(() => []);
  const removed: string[] = [];
  for (let at = 0; at < names.length; at += 500) {
    signal?.throwIfAborted();
    const some = names.slice(at, at + 500);
    const kept = await known(some);
    for (const name of some.filter((id) => !kept.has(id))) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (!found || Date.now() - found.mtimeMs < olderThanMs) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}

async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      // Without this a power cut could leave an empty file under the final name.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function readOrNull(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isOneOf(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return null;
    throw error;
  }
}

function isOneOf(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
