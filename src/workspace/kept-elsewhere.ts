import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLfsPointer, submodulesOf } from '../domain/kept-elsewhere.ts';
import { UserError } from '../errors.ts';
import type { Git, GitPlace } from './git.ts';
import type { ContentChange } from './port.ts';

/** UserError where something was put into a submodule's folder, of which git says nothing. */
export async function refuseSubmodules(git: Git, place: GitPlace, signal?: AbortSignal): Promise<void> {
  const { workTree = '' } = place;
  const gitmodules = await readFile(join(workTree, '.gitmodules'), 'utf8').catch(() => '');
  for (const path of submodulesOf(gitmodules)) {
    const files = await readdir(join(workTree, path)).catch(() => []);
    if (files.length === 0) continue;
    // Some name folders that are none any more.
    const entry = await git.text(['ls-files', '--stage', '--', `:(literal)${path}`], { place, signal });
    if (entry.startsWith('160000 ')) throw submodule(path);
  }
}

export function submodule(path: string): UserError {
  return new UserError(
    `\`${path}\` is a submodule, which NOFX doesn't change.`,
    'Ask for a change that leaves submodules alone.',
  );
}

/**
 * UserError where a file that .gitattributes gives to Git LFS is more than a pointer. Git would store it as it is, and whoever
 * has Git LFS would find it changed in every checkout.
 */
export async function refuseLfs(
  git: Git,
  place: GitPlace,
  changes: readonly ContentChange[],
  signal?: AbortSignal,
): Promise<void> {
  const written = changes.flatMap((change) =>
    change.status === 'deleted' || change.mode === '120000' || isLfsPointer(change.bytes) ? [] : change.path,
  );
  if (!(await haveAttributes(place, written))) return;
  const input = written.map((path) => `${path}\0`).join('');
  // Three fields for each: path, attribute, value.
  const fields = (await git.output(['check-attr', '-z', '--stdin', 'filter'], { place, input, signal }))
    .toString('utf8')
    .split('\0');
  const path = fields.find((_field, at) => at % 3 === 0 && fields[at + 2] === 'lfs');
  if (path === undefined) return;
  throw new UserError(
    `\`${path}\` is kept in Git LFS, where NOFX can put nothing.`,
    'Ask for a change that leaves such files alone, and make that part by hand.',
  );
}

/** Whether a folder of theirs has a .gitattributes: a look that mostly spares a process. */
async function haveAttributes({ workTree = '' }: GitPlace, paths: readonly string[]): Promise<boolean> {
  const folders = new Set(paths.flatMap((path) => path.split('/').map((_, at, parts) => parts.slice(0, at).join('/'))));
  const found = await Promise.all(
    [...folders].map((folder) => lstat(join(workTree, folder, '.gitattributes')).catch(() => null)),
  );
  return found.some((file) => file !== null);
}
