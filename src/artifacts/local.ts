import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sha256 } from './key.ts';

/** One place that keeps bytes under keys. `read` gives null for a key that is not there. */
export type Backend = {
  write(key: string, bytes: Buffer, contentType: string): Promise<void>;
  read(key: string): Promise<Buffer | null>;
};

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
  };
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
