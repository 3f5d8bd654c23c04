import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = ['AGENTS.md', 'CLAUDE.md', 'CONTRIBUTING.md'];
const LIMIT_BYTES = 20_000;

/**
 * The repository's own conventions files, as text for the model to read. They are data: they say how
 * code is written there and grant nothing. Links are not followed; what is too long is cut.
 */
export async function readConventions(checkout: string): Promise<{ path: string; text: string }[]> {
  const found = await Promise.all(
    FILES.map(async (path) => {
      const text = await readStart(join(checkout, path));
      return text === null ? [] : [{ path, text }];
    }),
  );
  return found.flat();
}

async function readStart(path: string): Promise<string | null> {
  // A conventions file that is a link could name any file on this machine.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LIMIT_BYTES), 0, LIMIT_BYTES, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
