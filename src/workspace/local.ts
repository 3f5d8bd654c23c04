import { lstat, readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import type { GitPlace } from './git.ts';
import type { Place } from './port.ts';

/** Finds the git directory of a repository on this disk. UserError unless all of it is inside an allowed root. */
export async function localRepository(project: Place, allowedRoots: readonly string[]): Promise<GitPlace> {
  const wanted = project.localPath;
  if (wanted === null || !isAbsolute(wanted)) throw refused(project, 'has no absolute path');
  if (allowedRoots.length === 0)
    throw refused(project, 'cannot be used: NOFX_LOCAL_ROOTS of the server names no folder');
  const path = await realpath(wanted).catch(() => null);
  if (path === null) throw refused(project, 'does not exist');
  await checkInside(project, path, allowedRoots);
  const gitDir = await findGitDir(path);
  if (gitDir === null) throw refused(project, 'is not a git repository');
  await checkInside(project, gitDir, allowedRoots);
  return { gitDir };
}

async function checkInside(project: Place, path: string, allowedRoots: readonly string[]): Promise<void> {
  for (const root of allowedRoots) {
    const real = await realpath(root).catch(() => null);
    if (real === null) continue;
    const way = relative(real, path);
    if (way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return;
  }
  throw refused(project, 'is outside the folders the server allows');
}

/** A folder `.git`, a file `.git` (a linked worktree: the repository it belongs to), or a bare repository. */
async function findGitDir(path: string): Promise<string | null> {
  const dotGit = join(path, '.git');
  const found = await lstat(dotGit).catch(() => null);
  if (found?.isDirectory()) return realpath(dotGit);
  if (found?.isFile()) {
    const target = resolve(path, (await readFile(dotGit, 'utf8')).replace(/^gitdir: /, '').trim());
    const common = await readFile(join(target, 'commondir'), 'utf8').catch(() => '.');
    return realpath(resolve(target, common.trim())).catch(() => null);
  }
  const bare = await Promise.all([lstat(join(path, 'HEAD')), lstat(join(path, 'objects'))]).catch(() => null);
  return bare ? path : null;
}

function refused(project: Place, why: string): UserError {
  return new UserError(
    `The local repository of ${project.name} ${why}.`,
    'Give the path of a git repository inside an allowed folder.',
  );
}
