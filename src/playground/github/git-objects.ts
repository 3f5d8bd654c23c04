import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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
  return git(dir, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: text });
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

export function writeBlob(dir: string, content: Uint8Array): Promise<string> {
  return git(dir, ['hash-object', '-w', '--stdin'], { input: content });
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
