import type { Git } from './git.ts';
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
 * that a model or a test has changed since.
 */
export async function readBaseFiles(git: Git, mirror: Mirror, base: string): Promise<BaseFiles> {
  const list = async (paths: string[]): Promise<Entry[]> =>
    toEntries(await git.output(['ls-tree', '-z', '--end-of-options', base, '--', ...paths], { place: mirror.place }));
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
      const bytes = await git.output(['cat-file', 'blob', entry.sha], { place: mirror.place });
      return bytes.subarray(0, limitBytes).toString('utf8');
    },
  };
}
