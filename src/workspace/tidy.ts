import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safeName } from './layout.ts';
import { removeTree } from './remove-tree.ts';
import { removeCheckout } from './checkout.ts';
import { discardMirror, identityOf } from './damage.ts';
import { dropStaleLock } from './lock.ts';
import { tidyCgroups } from './process-cgroup.ts';
import type { TidyOptions } from './port.ts';

/** What this room makes in the system's temporary folder; see git-credentials.ts and sandbox.ts. */
const TEMPORARY = /^nofx-(git|home|run|probe)-/;
/** See mirror.ts and damage.ts. */
const HALF_DONE = /\/(\.gone-|[^/]+\.git\.)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Checkouts are named after their run, scratch checkouts begin with it. */
const RUN = /^run_[0-9a-f]+/;

/**
 * Removes checkouts and scratch folders of runs that are over, what mirrors know of worktrees that are gone, mirrors that
 * nobody used for long, and the locks, halves of mirrors, temporary folders and cgroups that a killed process left. Gives the removed paths. Several
 * processes may do this on one disk at a time.
 */
export async function tidy(root: string, options: TidyOptions & { temporary?: string }): Promise<string[]> {
  const removed: string[] = [];
  const { signal } = options;

  for (const { path: folder, remove } of await foldersOfRuns(root)) {
    const paths = new Map<string, Entry>();
    for (const entry of await list(folder)) {
      // A checkout, the repository of a clone and its state file are one.
      const path = entry.path.replace(/(\.git|\.state\.json(\.new)?)$/, '');
      const known = paths.get(path);
      if (!known || known.usedAt < entry.usedAt) paths.set(path, { ...entry, path });
    }
    const old = [...paths.values()].filter(({ usedAt }) => Date.now() - usedAt >= options.checkoutsAfterMs);
    const runOf = (path: string) => RUN.exec(path.slice(folder.length + 1))?.[0];
    const inUse = await options.inUse([...new Set(old.flatMap(({ path }) => runOf(path) ?? []))]);
    for (const { path } of old) {
      signal?.throwIfAborted();
      const run = runOf(path);
      if (run && inUse.has(run)) continue;
      await remove(path);
      removed.push(path);
    }
  }

  const projects = new Set([...(await options.projectsInUse())].map((id) => `${safeName(id)}.git`));
  for (const { path, usedAt } of await list(join(root, 'mirrors'))) {
    signal?.throwIfAborted();
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!name.endsWith('.git') || projects.has(name)) continue;
    const lastUsed = Math.max(usedAt, await lastFetch(path));
    if (Date.now() - lastUsed < options.mirrorsAfterMs) continue;
    const identity = await identityOf(path);
    if (identity === null) continue;
    await discardMirror(path, identity, signal);
    removed.push(path);
  }

  for (const path of await halfDone(join(root, 'mirrors'), options.temporaryAfterMs)) {
    signal?.throwIfAborted();
    await removeTree(path);
    removed.push(path);
  }

  // Whoever comes to the mirror takes such a lock over, but nobody need come.
  for (const { path } of await list(join(root, 'mirrors'), /\.lock$/)) {
    signal?.throwIfAborted();
    if (await dropStaleLock(path.slice(0, -'.lock'.length))) removed.push(path);
  }

  for (const { path, usedAt, mine } of await list(options.temporary ?? tmpdir(), TEMPORARY)) {
    signal?.throwIfAborted();
    if (!mine || Date.now() - usedAt < options.temporaryAfterMs) continue;
    await removeTree(path);
    removed.push(path);
  }
  return [...removed, ...tidyCgroups(options.temporaryAfterMs)];
}

/** Where what belongs to runs lies, each with how it is removed. Checkouts first, which take what their mirror knows of them along. */
async function foldersOfRuns(root: string): Promise<{ path: string; remove: (path: string) => Promise<void> }[]> {
  const under = (kind: string) => list(join(root, kind));
  return [
    ...(await under('workspaces')).map(({ path }) => ({ path, remove: removeCheckout })),
    ...(await under('scratch')).map(({ path }) => ({ path, remove: removeTree })),
    // Of a process that was killed, or went on without its lease, while another removed the checkout.
    ...(await under('mirrors')).map(({ path }) => ({ path: join(path, 'worktrees'), remove: removeTree })),
  ];
}

/** What a process that was killed left of a mirror: one that it made or removed, and packs that it fetched. */
async function halfDone(mirrors: string, olderThanMs: number): Promise<string[]> {
  const all = await list(mirrors);
  const packs = all
    .filter(({ path }) => path.endsWith('.git'))
    .map(({ path }) => list(join(path, 'objects', 'pack'), /^tmp_/));
  const left = [...all.filter(({ path }) => HALF_DONE.test(path)), ...(await Promise.all(packs)).flat()];
  return left.filter(({ usedAt }) => Date.now() - usedAt >= olderThanMs).map(({ path }) => path);
}

type Entry = { path: string; usedAt: number; mine: boolean };

/** The entries of a folder with the time something in them was made or removed last; none when there is no folder. */
async function list(folder: string, named = /^/): Promise<Entry[]> {
  const names = await readdir(folder).catch(() => []);
  const entries = await Promise.all(
    names
      .filter((name) => named.test(name))
      .map(async (name): Promise<Entry[]> => {
        const path = join(folder, name);
        const found = await stat(path).catch(() => null);
        return found ? [{ path, usedAt: found.mtimeMs, mine: found.uid === process.getuid?.() }] : [];
      }),
  );
  return entries.flat();
}

/** When something last came into a mirror. */
async function lastFetch(mirror: string): Promise<number> {
  const times = await Promise.all(
    ['objects', 'objects/pack', 'refs/nofx/commits', 'refs/nofx/heads', 'worktrees'].map((name) =>
      stat(join(mirror, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}
