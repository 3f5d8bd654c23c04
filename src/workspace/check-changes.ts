import { UserError } from '../errors.ts';
import { checkPath, checkSymlink } from '../domain/paths.ts';
import type { ContentChange } from './port.ts';

/** A base commit's tree: path → mode. */
export type Tree = ReadonlyMap<string, string>;

/**
 * Throws UserError unless every change stays inside the repository, away from protected paths, and
 * fits the commit it is made against.
 */
export function checkChanges(changes: readonly ContentChange[], base: Tree, protectedPaths?: readonly string[]): void {
  const after = new Map(base);
  for (const change of changes) {
    for (const path of pathsOf(change)) allow(path, checkPath(path, { protected: protectedPaths }));
    const previous =
      change.status === 'deleted' ? change.path : change.status === 'renamed' ? change.previousPath : undefined;
    if (previous === undefined) continue;
    if (!base.has(previous)) throw misfit(previous, 'is not in the commit the changes are for');
    if (base.get(previous) === '160000') throw misfit(previous, 'is a submodule');
    after.delete(previous);
  }
  for (const change of changes) {
    if (change.status === 'deleted') continue;
    if (after.get(change.path) === '160000') throw misfit(change.path, 'is a submodule');
    if (change.mode === '120000') allow(change.path, checkSymlink(change.path, linkTarget(change)));
    after.set(change.path, change.mode);
  }
  const folders = foldersOf(after);
  for (const change of changes) {
    if (change.status === 'deleted') continue;
    noFileAbove(change.path, after);
    if (folders.has(change.path)) throw misfit(change.path, 'is a folder with files in it');
  }
}

function foldersOf(tree: Tree): Set<string> {
  const folders = new Set<string>();
  for (const path of tree.keys()) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

function pathsOf(change: ContentChange): string[] {
  return change.status === 'renamed' && change.previousPath !== undefined
    ? [change.path, change.previousPath]
    : [change.path];
}

/** A symlink's target. Bytes that aren't UTF-8 become U+FFFD here, which no check can turn into a way out. */
function linkTarget(change: Exclude<ContentChange, { status: 'deleted' }>): string {
  return change.bytes.toString('utf8');
}

/** No folder of `path` may be a file, a submodule or a symlink: through a link it would be written elsewhere. */
function noFileAbove(path: string, tree: Tree): void {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const parent = path.slice(0, at);
    const mode = tree.get(parent);
    if (mode === '120000') throw misfit(path, `would be written through the symlink \`${parent}\``);
    if (mode !== undefined) throw misfit(path, `has the file \`${parent}\` for a folder`);
  }
}

function allow(path: string, check: ReturnType<typeof checkPath>): void {
  if (check.ok) return;
  const next =
    check.problem === 'protected'
      ? 'Make that change by hand, or let a maintainer take the path off the protected ones.'
      : 'Ask for a change that stays inside the repository.';
  throw new UserError(`The change to \`${printable(path)}\` was blocked: the path ${check.reason}.`, next);
}

function misfit(path: string, why: string): UserError {
  return new UserError(
    `The change to \`${printable(path)}\` was blocked: it ${why}.`,
    'Ask for a change that fits the current files.',
  );
}

function printable(path: string): string {
  return JSON.stringify(path).slice(1, -1).replaceAll('`', "'").slice(0, 300);
}
