import { git, gitMaybe } from './git.ts';
import { readCommit } from './git-objects.ts';

export type FileDiff = {
  filename: string;
  previousFilename: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed';
  sha: string;
  additions: number;
  deletions: number;
  /** Null for binary files. */
  patch: string | null;
};

const STATUS = { A: 'added', D: 'removed', M: 'modified', R: 'renamed', T: 'changed' } as const;

/** The commits that `head` has and `base` has not, oldest first. */
export async function commitsBetween(dir: string, base: string, head: string): Promise<string[]> {
  return (await history(dir, base, head)).map(([sha = '']) => sha);
}

/** Whether all that `base` has is in `head`: something on the way there is then made from it. */
export async function isAncestor(dir: string, base: string, head: string): Promise<boolean> {
  return base === head || (await history(dir, base, head)).some(([, ...parents]) => parents.includes(base));
}

/** Each commit of `head` that `base` has not, followed by its parents. Mostly it is the next one, or in the place of the last. */
const history = keepingLast(async (dir, base, head) => {
  const [from, to] = await Promise.all([base, head].map((sha) => readCommit(dir, sha)));
  const [parent] = to!.parents;
  const isNext = to!.parents.length === 1 && parent === base;
  const isInPlace = base !== head && [from!, to!].every(({ parents }) => parents.length === 1 && parents[0] === parent);
  if (isNext || isInPlace) return [[head, parent!]];
  const list = await git(dir, ['rev-list', '--reverse', '--parents', `${base}..${head}`]);
  return list
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));
});

/** Whether the branches merge without conflict. */
export const mergesCleanly = keepingLast(
  async (dir, base, head) =>
    (await gitMaybe(dir, ['merge-tree', '--write-tree', '--no-messages', base, head])) !== null,
);

/** How much a pull request changes, without the cost of a patch for each file. */
export const totalsBetween = keepingLast(async (dir, base, head) => {
  const line = await git(dir, ['diff', '--shortstat', '-M', `${base}...${head}`]);
  const number = (unit: RegExp) => Number(unit.exec(line)?.[1] ?? 0);
  return {
    changed_files: number(/(\d+) file/),
    additions: number(/(\d+) insertion/),
    deletions: number(/(\d+) deletion/),
  };
});

const MOST_KEPT = 500;

/** Remembers what was said of two commits, which never change. */
function keepingLast<T>(compare: (dir: string, base: string, head: string) => Promise<T>): typeof compare {
  const kept = new Map<string, Promise<T>>();
  return (dir, base, head) => {
    const key = [dir, base, head].join('\n');
    const known = kept.get(key);
    if (known) return known;
    const said = compare(dir, base, head);
    kept.set(key, said);
    said.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
    return said;
  };
}

/** What a pull request changes: from the merge base to its head, as GitHub's "Files changed". */
export async function filesBetween(dir: string, base: string, head: string): Promise<FileDiff[]> {
  const range = `${base}...${head}`;
  const raw = (await git(dir, ['diff', '--raw', '--no-abbrev', '-z', '-M', range])).split('\0').filter(Boolean);
  const files: FileDiff[] = [];
  for (let at = 0; at < raw.length;) {
    const [, , oldSha = '', newSha = '', letters = 'M'] = (raw[at++] ?? '').split(' ');
    const status = STATUS[letters[0] as keyof typeof STATUS] ?? 'changed';
    const first = raw[at++] ?? '';
    const previousFilename = status === 'renamed' ? first : null;
    const filename = status === 'renamed' ? (raw[at++] ?? '') : first;
    const sha = status === 'removed' ? oldSha : newSha;
    files.push({ filename, previousFilename, status, sha, ...(await patchOf(dir, range, filename, previousFilename)) });
  }
  return files;
}

async function patchOf(dir: string, range: string, filename: string, previous: string | null) {
  const paths = [filename, ...(previous ? [previous] : [])].map((path) => `:(literal,top)${path}`);
  const text = await git(dir, ['diff', '-M', range, '--', ...paths]);
  const start = text.search(/^@@ /m);
  const patch = start < 0 ? null : text.slice(start);
  const count = (sign: string) => (patch ?? '').split('\n').filter((line) => line.startsWith(sign)).length;
  return { additions: count('+'), deletions: count('-'), patch };
}
