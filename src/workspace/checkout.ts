import { mkdir, readFile, rename, rm, stat, writeFile, copyFile, lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { removeTree } from './remove-tree.ts';
import { removeGitDirectories } from './nested-git.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror } from './mirror.ts';

/** Written first, without a `gitDir`, so that whoever clears up finds all of it; and last: without one it was never finished. */
const State = z.object({
  mode: z.enum(['worktree', 'clone']),
  base: z.string(),
  branch: z.string(),
  mirror: z.string(),
  gitDir: z.string().nullable(),
});
type State = z.infer<typeof State>;

export type Checkout = { path: string; gitDir: string; place: GitPlace };

export type CheckoutOptions = {
  path: string;
  mode: 'worktree' | 'clone';
  base: string;
  branch: string;
  signal?: AbortSignal;
};

/** The checkout at `path`, put back to its own HEAD; or, if it isn't there, unfinished or for something else, a new one at `base`. */
export async function ensureCheckout(git: Git, mirror: Mirror, options: CheckoutOptions): Promise<Checkout> {
  const { path, mode, base, branch, signal } = options;
  const found = await readState(path);
  if (found?.gitDir && found.mode === mode && found.base === base && found.branch === branch) {
    const checkout = toCheckout(path, found.gitDir);
    if (await restore(git, checkout, 'HEAD', { keepIgnored: true, signal })) return checkout;
  }
  await removeCheckout(path);
  await mkdir(dirname(path), { recursive: true });
  const state = { mode, base, branch, mirror: mirror.path };
  await writeState(path, { ...state, gitDir: null });
  const gitDir = mode === 'worktree' ? await addWorktree(git, mirror, options) : await addClone(git, mirror, options);
  await writeState(path, { ...state, gitDir });
  return toCheckout(path, gitDir);
}

/**
 * Makes tracked files those of `commit` and removes the rest; `keepIgnored` leaves what set-up commands
 * installed. False when that can't be done and the checkout has to be made anew.
 */
export async function restore(
  git: Git,
  checkout: Checkout,
  commit: string,
  options: { keepIgnored: boolean; signal?: AbortSignal },
): Promise<boolean> {
  const { path, gitDir, place } = checkout;
  const { signal } = options;
  const there = await Promise.all([lstat(path), stat(gitDir)]).catch(() => null);
  if (!there?.[0].isDirectory()) return false;
  await rm(join(gitDir, 'index.lock'), { force: true });
  await removeGitDirectories(path);
  await writeFile(join(path, '.git'), `gitdir: ${gitDir}\n`, { flag: 'wx' });
  const reset = await git.run(['read-tree', '--reset', '-u', commit], { place, signal });
  if (reset.exitCode !== 0) return false;
  const cleaned = await git.run(['clean', '-ffdq', ...(options.keepIgnored ? [] : ['-x'])], { place, signal });
  return cleaned.exitCode === 0;
}

/** Removes a checkout, finished or not, with all that belongs to it. Whoever is killed on the way leaves the rest to the next. */
export async function removeCheckout(path: string): Promise<void> {
  const found = await readState(path);
  // Of no use to anybody from here on. Where the disk is too full to say so, removing it is all the more wanted.
  if (found?.gitDir) await writeState(path, { ...found, gitDir: null }).catch(unlessFull);
  await removeTree(path);
  await removeTree(`${path}.git`);
  if (found?.mode === 'worktree') await removeTree(worktreeDir(found.mirror, path));
  await rm(`${statePath(path)}.new`, { force: true });
  await rm(statePath(path), { force: true });
}

function unlessFull(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
}

/** What a mirror knows of the worktree at `path`: by its name, for whoever was killed while he removed it may have left no more. */
function worktreeDir(mirror: string, path: string): string {
  return join(mirror, 'worktrees', basename(path));
}

/** A worktree of the mirror, as `git worktree add` makes one with four processes. https://git-scm.com/docs/gitrepository-layout */
async function addWorktree(git: Git, mirror: Mirror, options: CheckoutOptions): Promise<string> {
  const { path } = options;
  const gitDir = worktreeDir(mirror.path, path);
  // The mirror may remember one whose files are gone.
  await removeTree(gitDir);
  // The refs of a worktree are the mirror's. Of this branch only this run makes checkouts, so nobody holds it.
  await rm(join(mirror.path, 'refs', 'heads', `${options.branch}.lock`), { force: true });
  await mkdir(gitDir, { recursive: true });
  await mkdir(path, { recursive: true });
  await writeFile(join(gitDir, 'commondir'), '../..\n');
  await writeFile(join(gitDir, 'gitdir'), `${join(path, '.git')}\n`);
  await checkOutBase(git, gitDir, options);
  return gitDir;
}

/** A repository of its own, beside its files, that borrows the mirror's objects. */
async function addClone(git: Git, mirror: Mirror, options: CheckoutOptions): Promise<string> {
  const { path, signal } = options;
  const gitDir = `${path}.git`;
  await mkdir(path, { recursive: true });
  await git.output(['init', '--quiet', '--template='], { place: { gitDir, workTree: path }, signal });
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
  await copyFile(join(mirror.path, 'shallow'), join(gitDir, 'shallow')).catch(() => undefined);
  await checkOutBase(git, gitDir, options);
  return gitDir;
}

async function checkOutBase(git: Git, gitDir: string, { path, base, branch, signal }: CheckoutOptions): Promise<void> {
  const { place } = toCheckout(path, gitDir);
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
  await writeFile(join(path, '.git'), `gitdir: ${gitDir}\n`);
  await git.output(['update-ref', `refs/heads/${branch}`, base], { place, signal });
  await git.output(['read-tree', '--reset', '-u', base], { place, signal });
}

function toCheckout(path: string, gitDir: string): Checkout {
  return { path, gitDir, place: { gitDir, workTree: path } };
}

function statePath(path: string): string {
  return `${path}.state.json`;
}

async function readState(path: string): Promise<State | null> {
  try {
    return State.parse(JSON.parse(await readFile(statePath(path), 'utf8')));
  } catch {
    return null;
  }
}

async function writeState(path: string, state: State): Promise<void> {
  await writeFile(`${statePath(path)}.new`, JSON.stringify(state));
  await rename(`${statePath(path)}.new`, statePath(path));
}
