import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../errors.ts';
import { isSha, isBranchName } from '../domain/refs.ts';
import { listFiles, readBaseFiles } from './base-files.ts';
import { ensureCheckout, removeCheckout, restore } from './checkout.ts';
import { createGit } from './git.ts';
import { localHead, remoteHead } from './head.ts';
import { layout } from './layout.ts';
import { localRepository } from './local.ts';
import { makeCommit } from './make-commit.ts';
import { mendMirrors, type Log } from './mend-mirrors.ts';
import { mergeTrees } from './merge.ts';
import { keepBytes } from './kept-bytes.ts';
import { borrowLocal, ensureMirror, fetchRef, hasCommit, readRef, workRef } from './mirror.ts';
import { missingRef } from './git-errors.ts';
import { checkPush, pushToLocal, pushToRemote } from './push.ts';
import { checkRemote, remoteOf } from './remote.ts';
import { openScratch } from './scratch.ts';
import { tidy } from './tidy.ts';
import type { FindRoute } from '../outbound/port.ts';
import type { Git } from './git.ts';
import type { Checkout } from './checkout.ts';
import type { Mirror } from './mirror.ts';
import type { RepositoryAccess, Workspace, Workspaces } from './port.ts';

export type WorkspacesOptions = {
  /** Absolute path of the folder that mirrors, workspaces and scratch checkouts live in. */
  root: string;
  /** The PATH git and its helpers are looked up in. */
  path: string;
  /** Most git processes at once; 8 unless told. */
  gitAtOnce?: number;
  /** Plain http remotes, for stand-ins (GHE_PROTOCOL=http). */
  allowHttp?: boolean;
  /** Says where git may go for an address. */
  findRoute: FindRoute;
  /** Folders that `local_path` projects may be in. None: no such project. */
  allowedLocalRoots?: readonly string[];
  proxy?: string;
  noProxy?: string;
  caFile?: string;
  log?: Log;
};

/** bytes: for what is read of the commits that runs start from */
const KEPT_BYTES = 16 * 1024 * 1024;
/** bytes: of a diff, which people read */
const DIFF_BYTES = 10 * 1024 * 1024;

/** The room's door: repositories in, checkouts and pushed commits out. Everything under `root` may be deleted at any time between runs. */
export function createWorkspaces(options: WorkspacesOptions): Workspaces {
  const { root, path, allowHttp = false, findRoute, allowedLocalRoots = [], proxy, noProxy, caFile } = options;
  mkdirSync(root, { recursive: true });
  const git = createGit({
    path,
    cwd: root,
    network: { allowHttp, proxy, noProxy, caFile },
    atOnce: options.gitAtOnce ?? 8,
  });
  const places = layout(root);
  const kept = keepBytes(KEPT_BYTES);
  const reach = { allowHttp, findRoute };

  const isLocal = (access: RepositoryAccess) => access.project.workspaceMode === 'local_path';

  async function mirrorOf(access: RepositoryAccess): Promise<Mirror> {
    const mirror = await ensureMirror(git, places.mirror(access.project.id));
    if (!isLocal(access)) return mirror;
    return borrowLocal(mirror, await localRepository(access.project, allowedLocalRoots));
  }

  function fetch(access: RepositoryAccess, mirror: Mirror, ref: string): Promise<string> {
    return fetchRef(mirror, ref, { git, remote: remoteOf(access, reach), signal: access.signal });
  }

  async function resolve(access: RepositoryAccess, ref: string): Promise<string> {
    if (!isLocal(access)) {
      const mirror = await mirrorOf(access);
      return isSha(ref) && (await hasCommit(git, mirror, ref)) ? ref : fetch(access, mirror, ref);
    }
    const place = await localRepository(access.project, allowedLocalRoots);
    if (!isSha(ref) && !isBranchName(ref)) throw missingRef(access.project.name, ref);
    const name = isSha(ref) ? ref : `refs/heads/${ref}`;
    const found = await git.run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`], {
      place,
    });
    if (found.exitCode !== 0) throw missingRef(access.project.name, ref);
    return found.stdout.toString().trim();
  }

  /** The mirror, with these commits in it: another machine may have resolved them. */
  async function mirrorWith(access: RepositoryAccess, ...commits: string[]): Promise<Mirror> {
    if (!commits.every(isSha)) throw new InternalError('a checkout needs a full SHA');
    const mirror = await mirrorOf(access);
    for (const commit of commits) {
      if (await hasCommit(git, mirror, commit)) continue;
      await (isLocal(access) ? resolve(access, commit) : fetch(access, mirror, commit));
    }
    return mirror;
  }

  const workspaces: Workspaces = {
    resolve,

    async checkLocal(project) {
      await localRepository(project, allowedLocalRoots);
    },

    checkRemote: (project) => checkRemote(project, reach),

    async head(access) {
      if (isLocal(access)) {
        return localHead(git, await localRepository(access.project, allowedLocalRoots), access.project.name);
      }
      const remote = remoteOf(access, reach);
      return remoteHead(await mirrorOf(access), { git, remote, signal: access.signal });
    },

    async readBase(access, base) {
      return readBaseFiles(git, kept, await mirrorWith(access, base), base);
    },

    async openScratch(access, { key, ...options }) {
      const mirror = await mirrorWith(access, options.base);
      const folder = places.scratch(access.project.id, key);
      return openScratch(git, mirror, { ...options, folder, signal: access.signal });
    },

    async openWorkspace(access, { key, base, branch, protectedPaths, merged = [] }) {
      if (!isBranchName(branch)) throw new InternalError(`not a branch name: ${branch}`);
      const mirror = await mirrorWith(access, base, ...merged);
      const checkout = await ensureCheckout(git, mirror, {
        path: places.workspace(access.project.id, key),
        mode: access.project.workspaceMode === 'clone' ? 'clone' : 'worktree',
        base,
        branch,
        signal: access.signal,
      });
      return toWorkspace(git, mirror, checkout, { base, branch, protectedPaths, signal: access.signal });
    },

    async merge(access, sides) {
      const mirror = await mirrorWith(access, sides.ours.commit, sides.theirs.commit, sides.ancestor.commit);
      return mergeTrees(git, mirror, { ...sides, signal: access.signal });
    },

    async has(access, { sha, branch }) {
      return isSha(sha) && (await hasCommit(git, await mirrorOf(access), sha, branch));
    },

    async treeOf(access, sha) {
      if (!isSha(sha)) throw new InternalError('a tree is asked for by a full SHA');
      const { place } = await mirrorOf(access);
      return git.text(['rev-parse', '--verify', '--end-of-options', `${sha}^{tree}`], { place });
    },

    async push(access, push) {
      const mirror = await mirrorOf(access);
      await checkPush(git, mirror, access, push);
      if (!isLocal(access))
        return pushToRemote(mirror, push, { git, remote: remoteOf(access, reach), signal: access.signal });
      await pushToLocal(git, mirror, await localRepository(access.project, allowedLocalRoots), push);
    },

    async removeWorkspace(access, key) {
      await removeCheckout(places.workspace(access.project.id, key));
    },

    tidy: (wanted) => tidy(root, wanted),
  };
  return mendMirrors(workspaces, { mirrorOf: ({ project }) => places.mirror(project.id), log: options.log });
}

function toWorkspace(
  git: Git,
  mirror: Mirror,
  checkout: Checkout,
  options: { base: string; branch: string; protectedPaths?: readonly string[]; signal?: AbortSignal },
): Workspace {
  const { base, branch, protectedPaths, signal } = options;
  const { place } = checkout;
  const isWorktree = checkout.gitDir.startsWith(`${mirror.path}/`);
  /** Its HEAD is its branch, from the beginning; and the refs of a worktree are the mirror's. */
  const head = async () =>
    (await readRef(isWorktree ? mirror.path : checkout.gitDir, `refs/heads/${branch}`)) ??
    (await git.text(['rev-parse', '--verify', 'HEAD^{commit}'], { place }));
  return {
    path: checkout.path,
    base,
    gitPaths: [
      join(checkout.path, '.git'),
      mirror.path,
      ...(mirror.borrows === undefined ? [] : [mirror.borrows]),
      ...(isWorktree ? [] : [checkout.gitDir]),
    ],
    head,
    async files() {
      return listFiles(git, mirror, await head());
    },
    async commit(changes, meta) {
      const before = await head();
      await dropRunLocks(mirror, checkout, branch);
      const ref = workRef(branch);
      const sha = await makeCommit(git, mirror, { base, changes, meta, ref, protectedPaths, signal });
      // What set-up installed for this very commit may stay; for any other it would be stale.
      const restored = await restore(git, checkout, sha, { keepIgnored: before === sha, signal });
      if (!restored) throw new InternalError('the workspace could not be put back to its commit');
      // Last, so that a crash before this leaves a workspace that knows it isn't at this commit.
      await git.output(['update-ref', `refs/heads/${branch}`, sha], { place });
      return { sha };
    },
    async diff() {
      const args = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '-M', base, await head(), '--'];
      const bytes = await git.output(args, { place: mirror.place, signal, mostBytes: DIFF_BYTES + 1 });
      if (bytes.length <= DIFF_BYTES) return bytes.toString('utf8');
      const lines = bytes.toString('utf8', 0, bytes.lastIndexOf('\n') + 1);
      return `${lines}[The rest is left out: the diff has more than ${DIFF_BYTES / 1024 ** 2} MB.]\n`;
    },
  };
}

/** Locks on this run's own refs, left by a git that was killed: a run's steps come one after the other, so nobody holds them. */
async function dropRunLocks(mirror: Mirror, { gitDir }: Checkout, branch: string): Promise<void> {
  const names = [`${workRef(branch)}.lock`, `refs/heads/${branch}.lock`, 'HEAD.lock'];
  const paths = [mirror.path, gitDir].flatMap((folder) => names.map((name) => join(folder, name)));
  // The mirror's own HEAD isn't this run's.
  await Promise.all(
    paths
      .slice(0, 2)
      .concat(paths.slice(3))
      .map((path) => rm(path, { force: true })),
  );
}
