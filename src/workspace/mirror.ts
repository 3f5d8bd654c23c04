import { mkdir, readdir, rename, rm, stat, writeFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { UserError } from '../errors.ts';
import { isBranchName, isSha } from '../domain/refs.ts';
import { emptyRepository, missingRef, remoteError } from './git-errors.ts';
import { safeName } from './layout.ts';
import { withLock } from './lock.ts';
import type { Git, GitPlace } from './git.ts';
import type { Remote } from './remote.ts';

/** More packs than this slow every object look-up; then they are made one. */
const PACKS = 50;

export type Mirror = {
  path: string;
  place: GitPlace;
  /** the objects of a repository on this disk, where it borrows them */
  borrows?: string;
};

export type MirrorContext = { git: Git; remote: Remote; signal?: AbortSignal };

/** The mirrors that this process makes now. */
const beingMade = new Map<string, Promise<void>>();

/** Finds or makes the bare repository at `path`. Half-made ones never get there: it appears by rename. */
export async function ensureMirror(git: Git, path: string): Promise<Mirror> {
  if (!(await exists(join(path, 'HEAD')))) {
    const making = beingMade.get(path) ?? makeMirror(git, path).finally(() => beingMade.delete(path));
    beingMade.set(path, making);
    await making;
  }
  return { path, place: { gitDir: path } };
}

async function makeMirror(git: Git, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const made = `${path}.${randomUUID()}`;
  await git.output(['init', '--quiet', '--bare', '--template=', '--', made]);
  try {
    await rename(made, path);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another process was quicker.
    if (!(await exists(join(path, 'HEAD')))) throw error;
  }
}

/**
 * Brings one branch, or a commit that it lacks, into the mirror and gives its SHA. Only that commit's tree is
 * fetched (depth 1), and of it only what the mirror lacks.
 */
export async function fetchRef(mirror: Mirror, ref: string, context: MirrorContext): Promise<string> {
  const { git, remote, signal } = context;
  if (!isSha(ref) && !isBranchName(ref)) throw missingRef(remote.name, ref);
  // Flat, for the remote may have a branch `release` today and `release/1` tomorrow.
  const kept = isSha(ref) ? `refs/nofx/commits/${ref}` : `refs/nofx/heads/${safeName(ref)}`;
  const source = isSha(ref) ? ref : `refs/heads/${ref}`;

  return withLock(mirror.path, signal, async () => {
    // Whoever held the lock may have wanted the same.
    if (isSha(ref) && (await readRef(mirror.path, kept)) === ref) return ref;
    await dropStaleLocks(mirror.path);
    const fetched = await remote.run((url, config) =>
      git.run(
        [
          'fetch',
          '--quiet',
          '--depth=1',
          '--no-tags',
          '--no-auto-gc',
          '--no-write-fetch-head',
          '--no-show-forced-updates',
          '--',
          url,
          `+${source}:${kept}`,
        ],
        { place: mirror.place, config, signal },
      ),
    );
    if (fetched.exitCode !== 0) throw await fetchError(fetched.stderr, ref, context, mirror);
    const sha = await git.text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${kept}^{commit}`], {
      place: mirror.place,
    });
    // The base of a run stays reachable when its branch moves on.
    if (!isSha(ref)) await git.output(['update-ref', `refs/nofx/commits/${sha}`, sha], { place: mirror.place });
    await foldPacks(git, mirror);
    return sha;
  });
}

async function fetchError(stderr: string, ref: string, context: MirrorContext, mirror: Mirror): Promise<Error> {
  const { git, remote, signal } = context;
  const error = remoteError(stderr, { repository: remote.name, ref }, remote.secrets());
  if (!(error instanceof UserError) || !/does not exist/.test(error.message)) return error;
  const heads = await remote.run((url, config) =>
    git.run(['ls-remote', '--heads', '--', url], { place: mirror.place, config, signal }),
  );
  return heads.exitCode === 0 && heads.stdout.length === 0 ? emptyRepository(remote.name, { cause: error }) : error;
}

/** The ref that keeps the newest commit of a run's branch. */
export const workRef = (branch: string): string => `refs/nofx/work/${branch}`;

/**
 * A fetched commit has a ref of its own, and one of ours that of its branch, both written after their objects: a look at that
 * file spares a process.
 */
export async function hasCommit(git: Git, mirror: Mirror, sha: string, branch?: string): Promise<boolean> {
  const refs = [`refs/nofx/commits/${sha}`, ...(branch === undefined ? [] : [workRef(branch)])];
  for (const ref of refs) if ((await readRef(mirror.path, ref)) === sha) return true;
  const found = await git.run(['cat-file', '-e', `${sha}^{commit}`], { place: mirror.place });
  return found.exitCode === 0;
}

/** What a ref says that has a file to itself; null where git would have to be asked. */
export async function readRef(gitDir: string, ref: string): Promise<string | null> {
  const text = await readFile(join(gitDir, ref), 'utf8').catch(() => '');
  return isSha(text.trim()) ? text.trim() : null;
}

/** Nothing is ever dropped (`-k`): scratch checkouts and clones of this mirror lean on its objects. */
async function foldPacks(git: Git, mirror: Mirror): Promise<void> {
  const names = await readdir(join(mirror.path, 'objects', 'pack')).catch(() => []);
  if (names.filter((name) => name.endsWith('.pack')).length > PACKS) {
    await git.output(['repack', '-a', '-d', '-k', '-q'], { place: mirror.place });
  }
}

/** Lock files of a git that was killed; we hold the mirror's own lock, so no other fetch is using them. */
async function dropStaleLocks(path: string): Promise<void> {
  const top = ['shallow.lock', 'packed-refs.lock', 'config.lock'];
  const refs = await Promise.all(['heads', 'commits'].map((name) => locksUnder(join(path, 'refs', 'nofx', name))));
  await Promise.all([...top.map((name) => join(path, name)), ...refs.flat()].map((lock) => rm(lock, { force: true })));
}

async function locksUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter(({ name }) => name.endsWith('.lock')).map((entry) => join(entry.parentPath, entry.name));
}

/**
 * A mirror for a repository on this disk: it borrows the objects and runs none of that repository's configuration,
 * and leaves its files, index and branches alone.
 */
export async function borrowLocal(mirror: Mirror, { gitDir }: GitPlace): Promise<Mirror> {
  const objects = join(gitDir, 'objects');
  await mkdir(join(mirror.path, 'objects', 'info'), { recursive: true });
  await keepAs(join(mirror.path, 'objects', 'info', 'alternates'), Buffer.from(`${objects}\n`));
  const boundary = await readFile(join(gitDir, 'shallow')).catch(() => null);
  if (boundary) await keepAs(join(mirror.path, 'shallow'), boundary);
  return { ...mirror, borrows: objects };
}

/** Has a file say this, never half of it: others read it meanwhile. */
async function keepAs(path: string, bytes: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => null);
  if (before?.equals(bytes)) return;
  const made = `${path}.${randomUUID()}`;
  await writeFile(made, bytes);
  await rename(made, path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
