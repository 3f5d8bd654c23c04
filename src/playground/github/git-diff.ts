import { git, gitMaybe } from './git.ts';

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
  const list = await git(dir, ['rev-list', '--reverse', `${base}..${head}`]);
  return list.split('\n').filter(Boolean);
}

/** Whether the branches merge without conflict. */
export async function mergesCleanly(dir: string, base: string, head: string): Promise<boolean> {
  return (await gitMaybe(dir, ['merge-tree', '--write-tree', '--no-messages', base, head])) !== null;
}

/** How much a pull request changes, without the cost of a patch for each file. */
export async function totalsBetween(dir: string, base: string, head: string) {
  const line = await git(dir, ['diff', '--shortstat', '-M', `${base}...${head}`]);
  const number = (unit: RegExp) => Number(unit.exec(line)?.[1] ?? 0);
  return {
    changed_files: number(/(\d+) file/),
    additions: number(/(\d+) insertion/),
    deletions: number(/(\d+) deletion/),
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
