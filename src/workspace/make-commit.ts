import { InternalError } from '../errors.ts';
import { toEntries } from './base-files.ts';
import { checkChanges } from './check-changes.ts';
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
  const input = fastImport(base, changes, meta, { name: ref, keep: into === undefined });
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

/** The stream git-fast-import(1) reads. Deletions first, so that two files may swap names. */
function fastImport(
  base: string,
  changes: readonly ContentChange[],
  meta: CommitMeta,
  ref: { name: string; keep: boolean },
): Buffer {
  const parts: (string | Buffer)[] = [];
  const data = (bytes: Buffer) => parts.push(`data ${bytes.length}\n`, bytes, '\n');
  const who = `${oneLine(meta.author.name)} <${oneLine(meta.author.email)}> ${Math.floor(meta.date.getTime() / 1000)} +0000`;
  parts.push(`commit ${ref.name}\nmark :1\nauthor ${who}\ncommitter ${who}\n`);
  data(Buffer.from(meta.message.endsWith('\n') ? meta.message : `${meta.message}\n`));
  parts.push(`from ${base}\n`, ...(meta.merged ?? []).map((parent) => `merge ${parent}\n`));
  for (const change of changes) {
    if (change.status === 'deleted') parts.push(`D ${quote(change.path)}\n`);
    if (change.status === 'renamed' && change.previousPath !== undefined)
      parts.push(`D ${quote(change.previousPath)}\n`);
  }
  for (const change of changes) {
    if (change.status === 'deleted') continue;
    parts.push(`M ${change.mode} inline ${quote(change.path)}\n`);
    data(change.bytes);
  }
  parts.push('\nget-mark :1\n');
  // To git the name of no object means that the ref is none.
  if (!ref.keep) parts.push(`reset ${ref.name}\nfrom ${'0'.repeat(base.length)}\n\n`);
  parts.push('done\n');
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

/** A C-style string; control characters and backslashes were refused before. */
function quote(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Names end up in a line of their own format: no line break or angle bracket may get in. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f<>]/g, '').trim() || 'unknown';
}
