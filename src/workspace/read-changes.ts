import { UserError } from '../errors.ts';
import { FileMode } from '../domain/change-set.ts';
import { parseDiff } from './parse-diff.ts';
import type { Git, GitPlace } from './git.ts';
import type { ContentChange } from './port.ts';
import type { DiffEntry } from './parse-diff.ts';

/** bytes: what one change set may carry, and one file of it (GitHub takes no file over 100 MB). */
const MOST_BYTES = 200 * 1024 * 1024;
const MOST_FILE_BYTES = 50 * 1024 * 1024;

/**
 * What git would commit of the work tree, against `base`. Content is the blob as git stores it: after the line
 * ending conversion that .gitattributes asks for, and otherwise byte for byte. Ignored files stay out.
 */
export async function readChanges(
  git: Git,
  place: GitPlace,
  base: string,
  signal?: AbortSignal,
): Promise<ContentChange[]> {
  await git.output(['add', '--all', '--', '.'], { place, signal });
  return readDiff(git, place, ['diff-index', '--cached'], [base], signal);
}

/** What one of git's diff commands says of `sides`, with the bytes. */
export async function readDiff(
  git: Git,
  place: GitPlace,
  command: string[],
  sides: string[],
  signal?: AbortSignal,
): Promise<ContentChange[]> {
  const diff = await git.output(
    [
      ...command,
      '-z',
      '--raw',
      '--numstat',
      '--no-abbrev',
      '-M',
      '--no-ext-diff',
      '--no-textconv',
      '--ignore-submodules=none',
      ...sides,
      '--',
    ],
    { place, signal },
  );
  const entries = parseDiff(diff);
  const blobs = await readBlobs(git, place, entries, signal);
  return entries.map((entry) => toChange(entry, blobs));
}

function toChange(entry: DiffEntry, blobs: Map<string, Buffer>): ContentChange {
  const { path, binary, lines } = entry;
  if ([entry.oldMode, entry.newMode].includes('160000')) {
    throw new UserError(
      `\`${path}\` is a submodule, which NOFX doesn't change.`,
      'Ask for a change that leaves submodules alone.',
    );
  }
  if (entry.status === 'D') return { status: 'deleted', path, lines };
  const mode = FileMode.parse(entry.newMode);
  const bytes = blobs.get(entry.newSha) ?? Buffer.alloc(0);
  if (entry.status === 'A') return { status: 'added', path, mode, binary, lines, bytes };
  if (entry.status === 'R')
    return { status: 'renamed', path, previousPath: entry.previousPath ?? path, mode, binary, lines, bytes };
  return { status: 'modified', path, mode, previousMode: FileMode.parse(entry.oldMode), binary, lines, bytes };
}

/** All blobs through one `cat-file --batch`: `<sha> blob <size>\n<bytes>\n` each. */
async function readBlobs(
  git: Git,
  place: GitPlace,
  entries: DiffEntry[],
  signal?: AbortSignal,
): Promise<Map<string, Buffer>> {
  const wanted = [
    ...new Set(
      entries.filter((entry) => entry.status !== 'D' && entry.newMode !== '160000').map((entry) => entry.newSha),
    ),
  ];
  if (wanted.length === 0) return new Map();
  const input = `${wanted.join('\n')}\n`;
  checkSizes(
    await git.text(['cat-file', '--batch-check=%(objectsize) %(objectname)'], { place, input, signal }),
    entries,
  );
  const stream = await git.output(['cat-file', '--batch'], { place, input, signal });
  const blobs = new Map<string, Buffer>();
  let at = 0;
  for (const sha of wanted) {
    const end = stream.indexOf(0x0a, at);
    const size = Number(stream.toString('latin1', at, end).split(' ')[2]);
    blobs.set(sha, stream.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return blobs;
}

function checkSizes(listing: string, entries: DiffEntry[]): void {
  let total = 0;
  for (const line of listing.split('\n')) {
    const [size = '0', sha] = line.split(' ');
    total += Number(size);
    const path = entries.find((entry) => entry.newSha === sha)?.path;
    if (Number(size) > MOST_FILE_BYTES) throw tooBig(`\`${path}\` has ${size} bytes`);
  }
  if (total > MOST_BYTES) throw tooBig(`The changed files have ${total} bytes together`);
}

function tooBig(what: string): UserError {
  return new UserError(
    `${what}, more than a change may carry.`,
    'Add what is generated or downloaded to .gitignore, then retry.',
  );
}
