import { randomUUID } from 'node:crypto';
import { rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { withLock } from './lock.ts';
import { removeTree } from './remove-tree.ts';

/** git's own words, in the C locale, for a repository that a power cut, a full disk or a bad one left in pieces. */
const DAMAGE = new RegExp(
  [
    /not a git repository|bad config line|bad shallow line|reference broken|cannot lock ref '[^']*': '[^']*' exists/,
    /(index|pack ?)file \S+ .*(too small|too short|corrupt|non-monotonic|does not match|claims to have|cannot be accessed)/,
    /wrong index v\d|object file \S+ is empty|object \S+ .*is corrupt|inflate: data stream error|unable to unpack \S+ header/,
    /(unable to|could not) read (tree|sha1 file|[0-9a-f]{40})|(bad|missing|invalid|nonexistent) (tree |blob |commit )?object|not a tree object/,
    /failed to (read|unpack tree) object|not a valid (object|commit)|could not parse commit|ENOTEMPTY.*rename/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);

/** Whether an error says that a repository of ours is damaged: ours, and not the remote's, of which `remote:` tells. */
export function isDamage(error: unknown): boolean {
  if (error instanceof UserError) return false;
  for (let at = error; at instanceof Error; at = at.cause) {
    const ours = at.message.split('\n').filter((line) => !/^\s*remote:|remote error:/.test(line));
    if (ours.some((line) => DAMAGE.test(line))) return true;
  }
  return false;
}

/** Tells a folder from the one that takes its place later; null where there is none. */
export async function identityOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  return found && `${found.ino} ${found.birthtimeMs}`;
}

/** Removes a mirror, unless another one has taken its place: away in one move, so who comes now finds none and makes a new one. */
export async function discardMirror(path: string, identity: string, signal?: AbortSignal): Promise<void> {
  await withLock(path, signal, async () => {
    if ((await identityOf(path)) !== identity) return;
    const away = join(dirname(path), `.gone-${randomUUID()}`);
    await rename(path, away);
    await removeTree(away);
  });
}
