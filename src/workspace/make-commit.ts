import { InternalError } from '../errors.ts';
import { toEntries } from './base-files.ts';
import { checkChanges } from './check-changes.ts';
import { importStream } from './import-stream.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror } from './mirror.ts';
import type { CommitMeta, ContentChange } from './port.ts';

/**
 * Makes a commit on `base` straight from the bytes, in the mirror: no file is written, so no path, link or
 * attribute of a checkout can redirect or alter anything. The same input gives the same SHA.
 */
export async function makeCommit(
  git: Git,
  mirror: Mirror,
  options: {
    base: string;
    changes: readonly ContentChange[];
    meta: CommitMeta;
    ref: string;
    /** Where its objects go, unless to the mirror; the ref is then not kept. */
    into?: GitPlace;
    protectedPaths?: readonly string[] | undefined;
    signal?: AbortSignal;
  },
): Promise<string> {
  const { base, changes, meta, ref, into, protectedPaths, signal } = options;
  checkChanges(changes, await readTree(git, mirror, base, signal), protectedPaths);
  const { name, email } = meta.author;
  const input = importStream({
    ref,
    who: `${oneLine(name)} <${oneLine(email)}> ${Math.floor(meta.date.getTime() / 1000)} +0000`,
    message: meta.message.endsWith('\n') ? meta.message : `${meta.message}\n`,
    from: base,
    merged: meta.merged ?? [],
    removed: changes.flatMap((change) => {
      if (change.status === 'deleted') return change.path;
      return change.status === 'renamed' ? (change.previousPath ?? []) : [];
    }),
    written: changes.flatMap((change) => (change.status === 'deleted' ? [] : change)),
    dropRef: into !== undefined,
  });
  const sha = await git.text(['fast-import', '--quiet', '--force', '--done', '--date-format=raw'], {
    place: into ?? mirror.place,
    input,
    signal,
  });
  if (!/^[0-9a-f]{40,64}$/.test(sha)) throw new InternalError(`git fast-import answered ${sha.slice(0, 200)}`);
  return sha;
}

async function readTree(git: Git, mirror: Mirror, base: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const listing = await git.output(['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', base], {
    place: mirror.place,
    signal,
  });
  return new Map(toEntries(listing).map(({ name, mode }) => [name, mode]));
}

/** Names end up in a line of their own format: no line break or angle bracket may get in. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f<>]/g, '').trim() || 'unknown';
}
