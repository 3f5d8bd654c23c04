import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { resolvePath } from '@anthropic-ai/sdk/tools/agent-toolset/node';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import { isInSubmodule, submodulesOf } from '../domain/kept-elsewhere.ts';
import { checkPath, isGitDirectory } from '../domain/paths.ts';

/** A place in the checkout that the rules allow. */
type Place = {
  /** absolute, without symbolic links */
  absolute: string;
  /** from the checkout's root, with `/` */
  relative: string;
};

export type Confinement = {
  /** absolute path of the checkout, without symbolic links */
  root: string;
  /** Where a path leads, links followed. ToolError when that is outside, or inside `.git`. */
  toRead(given: string): Promise<Place>;
  /** The same, and the place may be written. */
  toWrite(given: string): Promise<Place>;
  /** The entry itself, a link not followed: for deleting and moving. It may be written. */
  toChange(given: string): Promise<Place & { kind: 'file' | 'link' | 'directory' | 'other' | 'missing' }>;
};

export type ConfinementRules = {
  checkout: string;
  /** Single-file work: the one path that may be written. */
  only?: string;
  /** Patterns of paths that may not be changed; domain/paths.ts says which unless told. */
  protectedPaths?: readonly string[];
};

/** What a model is told of a file that it may not change. */
export const LEAVE_IT = 'leave it as it is, and say in your summary what a person must do';

/**
 * Which paths the tools may use. Where a path leads is decided by the SDK (`resolvePath`: every symbolic
 * link resolved, also one that leads nowhere, then compared with the checkout); what may be written
 * within is decided here.
 */
export async function createConfinement(rules: ConfinementRules): Promise<Confinement> {
  const root = await realpath(rules.checkout);
  const only = rules.only === undefined ? undefined : path.posix.normalize(rules.only);
  const submodules = await emptySubmodules(root);

  const place = (absolute: string): Place => ({
    absolute,
    relative: path.relative(root, absolute).split(path.sep).join('/'),
  });

  async function resolve(given: string): Promise<Place> {
    refuseOddNames(given);
    const found = place(await resolvePath({ workdir: root }, given));
    refuseGit(given, found.relative);
    return found;
  }

  function refuseWrite(given: string, { relative }: Place): void {
    if (relative === '') throw new ToolError(`${quote(given)} is the checkout itself`);
    if (only !== undefined && relative !== only)
      throw new ToolError(`${quote(given)} may not be changed: the result must be ${quote(only)} alone`);
    if (isInSubmodule(relative, submodules)) throw new ToolError(`${quote(given)} is in a submodule: ${LEAVE_IT}`);
    const checked = checkPath(relative, { protected: rules.protectedPaths });
    if (!checked.ok) throw new ToolError(`${quote(given)} ${checked.reason}: ${LEAVE_IT}`);
  }

  return {
    root,
    toRead: resolve,
    async toWrite(given) {
      const found = await resolve(given);
      refuseWrite(given, found);
      return found;
    },
    async toChange(given) {
      refuseOddNames(given);
      const absolute = path.resolve(root, given);
      const parent = await resolvePath({ workdir: root }, path.dirname(absolute));
      const found = place(path.join(parent, path.basename(absolute)));
      refuseGit(given, found.relative);
      refuseWrite(given, found);
      return { ...found, kind: await kindOf(found.absolute) };
    },
  };
}

/** Those that `.gitmodules` names and the checkout has nothing of; what has files there is none any more. */
async function emptySubmodules(root: string): Promise<string[]> {
  const named = submodulesOf(await readFile(path.join(root, '.gitmodules'), 'utf8').catch(() => ''));
  const files = await Promise.all(named.map((each) => readdir(path.join(root, each)).catch(() => [])));
  return named.filter((_each, at) => files[at]!.length === 0);
}

function refuseOddNames(given: string): void {
  // oxlint-disable-next-line no-control-regex -- such names hide what they are
  if (/[\u0000-\u001f\u007f]/.test(given)) throw new ToolError(`${quote(given)} is not a usable path`);
}

/** Both as it was written and where it leads: neither may go through a `.git`. */
function refuseGit(given: string, relative: string): void {
  const segments = [...given.split(/[/\\]/), ...relative.split('/')];
  if (segments.some(isGitDirectory)) throw new ToolError(`${quote(given)} is part of git's own files`);
}

async function kindOf(absolute: string): Promise<'file' | 'link' | 'directory' | 'other' | 'missing'> {
  const stat = await lstat(absolute).catch(() => null);
  if (!stat) return 'missing';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isDirectory()) return 'directory';
  return stat.isFile() ? 'file' : 'other';
}

function quote(given: string): string {
  return JSON.stringify(given.length > 300 ? `${given.slice(0, 300)}…` : given);
}
