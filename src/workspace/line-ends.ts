import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlobs } from './read-blobs.ts';
import type { Git, GitPlace } from './git.ts';
import type { DiffEntry } from './parse-diff.ts';

/** Text of that size is generated. */
const LARGEST_BYTES = 10 * 1024 * 1024;

/**
 * Puts right in the index what git makes of files that are stored with CRLF although .gitattributes asks for LF: it takes the
 * whole file for changed, whether anybody touched it or not. Such a file stays stored as it is: untouched it is no change, and
 * touched only its lines are. True where something was put right; `entries` are then out of date.
 */
export async function keepLineEnds(
  git: Git,
  place: GitPlace,
  entries: readonly DiffEntry[],
  signal?: AbortSignal,
): Promise<boolean> {
  const { workTree } = place;
  if (workTree === undefined) return false;
  const candidates: { entry: DiffEntry; bytes: Buffer }[] = [];
  for (const entry of entries) {
    if (entry.status !== 'M' && entry.status !== 'R') continue;
    if (entry.binary || !isRegular(entry.oldMode) || !isRegular(entry.newMode) || entry.oldSha === entry.newSha)
      continue;
    const path = join(workTree, entry.path);
    const found = await lstat(path);
    if (!found.isFile() || found.size > LARGEST_BYTES) continue;
    const bytes = await readFile(path);
    if (bytes.includes('\r\n')) candidates.push({ entry, bytes });
  }
  const stored = await readBlobs(
    git,
    place,
    candidates.map(({ entry }) => entry.oldSha),
    signal,
  );

  const right: string[] = [];
  for (const { entry, bytes } of candidates) {
    const before = stored.get(entry.oldSha);
    if (!before?.includes('\r\n')) continue;
    const sha = withLf(before) === withLf(bytes) ? entry.oldSha : await store(git, place, bytes, signal);
    if (sha !== entry.newSha) right.push(`${entry.newMode} ${sha}\t${entry.path}\0`);
  }
  if (right.length === 0) return false;
  await git.output(['update-index', '-z', '--index-info'], { place, input: right.join(''), signal });
  return true;
}

const isRegular = (mode: string) => mode.startsWith('100');

const withLf = (bytes: Buffer) => bytes.toString('latin1').replaceAll('\r\n', '\n');

/** As it is: no filter, no conversion. */
function store(git: Git, place: GitPlace, bytes: Buffer, signal?: AbortSignal): Promise<string> {
  return git.text(['hash-object', '-w', '--no-filters', '--stdin'], { place, input: bytes, signal });
}
