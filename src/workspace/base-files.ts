import { InternalError } from '../errors.ts';
import { readBlobs } from './read-blobs.ts';
import type { Git } from './git.ts';
import type { KeptBytes } from './kept-bytes.ts';
import type { Mirror } from './mirror.ts';
import type { BaseFiles } from './port.ts';

const REGULAR = new Set(['100644', '100755']);

/** Folders whose files are listed beside those of the top level. */
const FOLDERS = ['.github/', 'docs/'];

export type Entry = { mode: string; type: string; sha: string; name: string };

/** Reads `ls-tree -z`, which alone gives names as they are: with `--format` git 2.39 quotes them all the same. */
export function toEntries(listing: Buffer): Entry[] {
  return listing
    .toString('utf8')
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [mode, type, sha] = line.slice(0, line.indexOf('\t')).split(' ');
      return { mode: mode!, type: type!, sha: sha!, name: line.slice(line.indexOf('\t') + 1) };
    });
}

/** Every regular file of a commit, by its path. */
export async function listFiles(git: Git, mirror: Mirror, commit: string): Promise<string[]> {
  const listing = await git.output(['ls-tree', '-r', '-z', '--end-of-options', commit], { place: mirror.place });
  return toEntries(listing).flatMap(({ mode, name }) => (REGULAR.has(mode) ? name : []));
}

/**
 * The top level of a commit (and of FOLDERS), read from git's own objects: no checkout, no link to follow, and nothing
 * that a model or a test has changed since. A commit never changes, and each step of a run asks for much the same of it: what was
 * read is kept, and what is asked for at once is read by one process.
 */
export async function readBaseFiles(git: Git, kept: KeptBytes, mirror: Mirror, base: string): Promise<BaseFiles> {
  const { place } = mirror;

  async function list(paths: string[]): Promise<Entry[]> {
    const key = [mirror.path, base, ...paths].join('\0');
    const known = kept.get(key);
    if (known) return toEntries(known);
    const listing = await git.output(['ls-tree', '-z', '--end-of-options', base, '--', ...paths], { place });
    kept.set(key, listing);
    return toEntries(listing);
  }

  const blob = batched((names: string[]) => readBlobs(git, place, names));
  async function start(sha: string, limitBytes: number): Promise<Buffer> {
    const key = `${mirror.path}\0${sha}\0${limitBytes}`;
    const known = kept.get(key);
    if (known) return known;
    // A copy: what is left out is not to stay in memory with it.
    const bytes = Buffer.from((await blob(sha)).subarray(0, limitBytes));
    kept.set(key, bytes);
    return bytes;
  }

  const entries = await list(['./', ...FOLDERS]);
  const names = entries.map(({ name, type }) =>
    name.includes('/') ? name.slice(0, name.indexOf('/') + 1) : type === 'tree' ? `${name}/` : name,
  );
  return {
    names: [...new Set(names)],
    files: () => listFiles(git, mirror, base),
    async text(path, limitBytes) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      const among = folder === '' || FOLDERS.includes(folder) ? entries : await list([path]);
      const entry = among.find(({ name }) => name === path);
      if (!entry || !REGULAR.has(entry.mode)) return null;
      return (await start(entry.sha, limitBytes)).toString('utf8');
    },
  };
}

/** Answers by one reading what is asked for before anything else happens. */
function batched(read: (names: string[]) => Promise<Map<string, Buffer>>): (name: string) => Promise<Buffer> {
  let asked: string[] = [];
  let reading: Promise<Map<string, Buffer>> | null = null;
  return async (name) => {
    asked.push(name);
    reading ??= Promise.resolve().then(() => {
      const names = asked;
      [asked, reading] = [[], null];
      return read(names);
    });
    const bytes = (await reading).get(name);
    if (bytes === undefined) throw new InternalError(`git gave no ${name}`);
    return bytes;
  };
}
