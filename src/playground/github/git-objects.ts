import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { git, gitMaybe } from './git.ts';
import { readObject } from './git-reader.ts';

export type Person = { name: string; email: string; date: Date };

export type CommitObject = {
  sha: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  message: string;
  /** whether GitHub has put its signature on it */
  signed: boolean;
};

export type TreeEntry = { path: string; mode: string; type: string; sha: string; size?: number };

/** Of the right form, and nobody's: the stand-in has no key that anybody trusts. */
const SIGNATURE = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n stand-in\n -----END PGP SIGNATURE-----';

const SAFE_FIELD = /[<>\n\0]/g;

/** Who and when, as commits say it. */
export const personLine = ({ name, email, date }: Person): string =>
  `${name.replace(SAFE_FIELD, '')} <${email.replace(SAFE_FIELD, '')}> ${Math.floor(date.getTime() / 1000)} +0000`;

/**
 * Writes a commit object from exactly these fields: the same input gives the same SHA. Dates become
 * seconds since the epoch in UTC.
 */
export function writeCommit(
  dir: string,
  commit: Omit<CommitObject, 'sha' | 'signed'> & { signed?: boolean },
): Promise<string> {
  const text = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${personLine(commit.author)}`,
    `committer ${personLine(commit.committer)}`,
    ...(commit.signed ? [SIGNATURE] : []),
    '',
    commit.message,
  ].join('\n');
  return writeObject(dir, 'commit', Buffer.from(text));
}

export async function readCommit(dir: string, sha: string): Promise<CommitObject> {
  const object = await readObject(dir, sha);
  if (object?.type !== 'commit') throw new Error(`${sha} is no commit of ${dir}.`);
  const text = object.bytes.toString('utf8');
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end).split('\n');
  const values = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  return {
    sha,
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parsePerson(values('author')[0] ?? ''),
    committer: parsePerson(values('committer')[0] ?? ''),
    signed: headers.some((line) => line.startsWith('gpgsig ')),
    // GitHub shows a message without its last newline.
    message: text.slice(end + 2).replace(/\n$/, ''),
  };
}

function parsePerson(line: string): Person {
  const match = /^(.*) <(.*)> (\d+) [+-]\d{4}$/.exec(line);
  return { name: match?.[1] ?? '', email: match?.[2] ?? '', date: new Date(Number(match?.[3] ?? 0) * 1000) };
}

export const writeBlob = (dir: string, content: Uint8Array): Promise<string> => writeObject(dir, 'blob', content);

/** Puts a loose object beside git's others, as `git hash-object -w` does. https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
async function writeObject(dir: string, type: 'blob' | 'commit', content: Uint8Array): Promise<string> {
  const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const sha = createHash('sha1').update(object).digest('hex');
  const folder = join(dir, 'objects', sha.slice(0, 2));
  const made = join(folder, `tmp_obj_${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await writeFile(made, await promisify(deflate)(object));
  // Whoever looks for it finds all of it.
  await rename(made, join(folder, sha.slice(2)));
  return sha;
}

/** What a commit has at a path; null where that is nothing. */
export async function entryAt(dir: string, commit: string, path: string): Promise<TreeEntry | null> {
  const slash = path.lastIndexOf('/');
  const folder = await readObject(dir, `${commit}:${path.slice(0, Math.max(0, slash))}`);
  if (folder?.type !== 'tree') return null;
  return entriesOf(folder.bytes).find((entry) => entry.path === path.slice(slash + 1)) ?? null;
}

/** A tree as git stores it: `<mode> <name>\0` and the 20 bytes of a SHA for each entry. */
function entriesOf(tree: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < tree.length;) {
    const end = tree.indexOf(0, at);
    const [mode = '', ...name] = tree.toString('utf8', at, end).split(' ');
    at = end + 21;
    const type = mode === '40000' ? 'tree' : mode === '160000' ? 'commit' : 'blob';
    entries.push({ path: name.join(' '), mode: mode.padStart(6, '0'), type, sha: tree.toString('hex', end + 1, at) });
  }
  return entries;
}

/** `recursive` gives files in all folders; otherwise one level. Null when there is no such tree. */
export async function readTree(dir: string, treeish: string, recursive: boolean): Promise<TreeEntry[] | null> {
  const listed = await gitMaybe(dir, [
    'ls-tree',
    '-z',
    '-l',
    '--full-tree',
    ...(recursive ? ['-r', '-t'] : []),
    treeish,
  ]);
  if (listed === null) return null;
  return listed
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', type = '', sha = '', size = '-'] = line.slice(0, tab).split(/ +/);
      return { path: line.slice(tab + 1), mode, type, sha, ...(size === '-' ? {} : { size: Number(size) }) };
    });
}

export type TreeChange = { path: string; mode: string; sha: string | null };

/** A tree made of `base` (or nothing) with files set, or removed where `sha` is null. */
export async function writeTree(dir: string, base: string | null, changes: TreeChange[]): Promise<string> {
  const index = join(dir, `index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    if (base) await git(dir, ['read-tree', base], { env });
    const lines = changes.map(({ path, mode, sha }) => `${sha ? mode : '0'} ${sha ?? '0'.repeat(40)}\t${path}\0`);
    await git(dir, ['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return await git(dir, ['write-tree'], { env });
  } finally {
    await rm(index, { force: true });
  }
}
