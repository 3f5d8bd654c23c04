import { mkdir, readdir, readFile, rename, rm, stat, writeFile, copyFile, lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { withLock } from './lock.ts';
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
  if (found?.mode === 'worktree') await forgetWorktree(found.mirror, path);
  await rm(`${statePath(path)}.new`, { force: true });
  await rm(statePath(path), { force: true });
}

function unlessFull(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
}

/** Removes what the mirror knows of a worktree. By its own books: what the checkout says of itself is not believed. */
async function forgetWorktree(mirror: string, path: string): Promise<void> {
  const known = join(mirror, 'worktrees');
  for (const name of await readdir(known).catch(() => [])) {
    const points = await readFile(join(known, name, 'gitdir'), 'utf8').catch(() => '');
    if (points.trim() === join(path, '.git')) await removeTree(join(known, name));
  }
}

async function addWorktree(git: Git, mirror: Mirror, { path, base, branch, signal }: CheckoutOptions): Promise<string> {
  const add = ['worktree', 'add', '--quiet', '--force', '--no-checkout', '-B', branch, '--', path, base];
  await withLock(mirror.path, signal, async () => {
    const added = await git.run(add, { place: mirror.place, signal });
    if (added.exitCode === 0) return;
    // The mirror may remember a worktree whose files are gone, and hold its branch.
    await git.output(['worktree', 'prune', '--expire=now'], { place: mirror.place, signal });
    await removeTree(path);
    await git.output(add, { place: mirror.place, signal });
  });
  const gitDir = (await readFile(join(path, '.git'), 'utf8')).replace(/^gitdir: /, '').trim();
  await git.output(['read-tree', '--reset', '-u', base], { place: toCheckout(path, gitDir).place, signal });
  return gitDir;
}

/** A repository of its own, beside its files, that borrows the mirror's objects. */
async function addClone(git: Git, mirror: Mirror, { path, base, branch, signal }: CheckoutOptions): Promise<string> {
  const gitDir = `${path}.git`;
  await mkdir(path, { recursive: true });
  await git.output(['init', '--quiet', '--bare', '--template=', '--', gitDir], { signal });
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
  await copyFile(join(mirror.path, 'shallow'), join(gitDir, 'shallow')).catch(() => undefined);
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
  const { place } = toCheckout(path, gitDir);
  await git.output(['config', '--local', 'core.bare', 'false'], { place, signal });
  await git.output(['config', '--local', 'core.worktree', path], { place, signal });
  await git.output(['update-ref', `refs/heads/${branch}`, base], { place, signal });
  await writeFile(join(path, '.git'), `gitdir: ${gitDir}\n`);
  await git.output(['read-tree', '--reset', '-u', base], { place, signal });
  return gitDir;
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
