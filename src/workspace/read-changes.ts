import { UserError } from '../errors.ts';
import { FileMode } from '../domain/change-set.ts';
import { refuseLfs, refuseSubmodules, submodule } from './kept-elsewhere.ts';
import { keepLineEnds } from './line-ends.ts';
import { parseDiff } from './parse-diff.ts';
import { readBlobs } from './read-blobs.ts';
import type { Git, GitPlace } from './git.ts';
import type { ContentChange } from './port.ts';
import type { DiffEntry } from './parse-diff.ts';

/** bytes: what one change set may carry, and one file of it (GitHub takes no file over 100 MB). */
const MOST_BYTES = 200 * 1024 * 1024;
const MOST_FILE_BYTES = 50 * 1024 * 1024;

/**
 * What git would commit of the work tree, against `base`. Content is the blob as git stores it: after the line
 * ending conversion that .gitattributes asks for, and otherwise byte for byte. Ignored files stay out. UserError for what the
 * repository keeps elsewhere: submodules, and Git LFS.
 */
export async function readChanges(
  git: Git,
  place: GitPlace,
  base: string,
  signal?: AbortSignal,
): Promise<ContentChange[]> {
  await git.output(['add', '--all', '--', '.'], { place, signal });
  const compare = () => entriesOf(git, place, ['diff-index', '--cached', ...DIFF, base, '--'], signal);
  const entries = await compare();
  const kept = (await keepLineEnds(git, place, entries, signal)) ? await compare() : entries;
  const changes = await toChanges(git, place, kept, signal);
  await refuseSubmodules(git, place, signal);
  await refuseLfs(git, place, changes, signal);
  return changes;
}

/** What one of git's diff commands says of `sides`, with the bytes. */
export async function readDiff(
  git: Git,
  place: GitPlace,
  command: string[],
  sides: string[],
  signal?: AbortSignal,
): Promise<ContentChange[]> {
  return toChanges(git, place, await entriesOf(git, place, [...command, ...DIFF, ...sides, '--'], signal), signal);
}

const DIFF = [
  '-z',
  '--raw',
  '--numstat',
  '--no-abbrev',
  '-M',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-submodules=none',
];

async function entriesOf(git: Git, place: GitPlace, diff: string[], signal?: AbortSignal): Promise<DiffEntry[]> {
  return parseDiff(await git.output(diff, { place, signal }));
}

async function toChanges(
  git: Git,
  place: GitPlace,
  entries: DiffEntry[],
  signal?: AbortSignal,
): Promise<ContentChange[]> {
  const written = entries.filter((entry) => entry.status !== 'D' && entry.newMode !== '160000');
  await checkSizes(git, place, written, signal);
  const blobs = await readBlobs(
    git,
    place,
    written.map(({ newSha }) => newSha),
    signal,
  );
  return entries.map((entry) => toChange(entry, blobs));
}

function toChange(entry: DiffEntry, blobs: Map<string, Buffer>): ContentChange {
  const { path, binary, lines } = entry;
  if ([entry.oldMode, entry.newMode].includes('160000')) {
    throw submodule(path);
  }
  if (entry.status === 'D') return { status: 'deleted', path, lines };
  const mode = FileMode.parse(entry.newMode);
  const bytes = blobs.get(entry.newSha) ?? Buffer.alloc(0);
  if (entry.status === 'A') return { status: 'added', path, mode, binary, lines, bytes };
  if (entry.status === 'R')
    return { status: 'renamed', path, previousPath: entry.previousPath ?? path, mode, binary, lines, bytes };
  return { status: 'modified', path, mode, previousMode: FileMode.parse(entry.oldMode), binary, lines, bytes };
}

async function checkSizes(git: Git, place: GitPlace, entries: DiffEntry[], signal?: AbortSignal): Promise<void> {
  if (entries.length === 0) return;
  const input = `${[...new Set(entries.map(({ newSha }) => newSha))].join('\n')}\n`;
  const check = ['cat-file', '--batch-check=%(objectsize) %(objectname)'];
  let total = 0;
  for (const line of (await git.text(check, { place, input, signal })).split('\n')) {
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
