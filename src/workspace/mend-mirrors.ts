import { RetryableError } from '../errors.ts';
import { discardMirror, identityOf, isDamage } from './damage.ts';
import type { RepositoryAccess, Workspaces } from './port.ts';

/** The part of a pino logger that is used. */
export type Log = { warn(fields: object, message: string): void };

/**
 * A mirror is a cache: one that turns out to be damaged is thrown away, and what failed is done again with a new one; or, where that
 * needs more than a new mirror, the step is (RetryableError).
 */
export function mendMirrors(
  workspaces: Workspaces,
  { mirrorOf, log }: { mirrorOf: (access: RepositoryAccess) => string; log?: Log | undefined },
): Workspaces {
  async function discardOn<T>(access: RepositoryAccess, work: () => Promise<T>, again?: () => Promise<T>): Promise<T> {
    const mirror = mirrorOf(access);
    // Nothing waits for it: what is asked for at once is to stay so, for one process to read it.
    const looking = identityOf(mirror);
    try {
      return await work();
    } catch (error) {
      const before = await looking;
      if (before === null || !isDamage(error)) throw error;
      log?.warn({ err: error, mirror }, 'a mirror is damaged, and is made anew');
      await discardMirror(mirror, before, access.signal);
      if (again) return again();
      const { name } = access.project;
      throw new RetryableError(`The copy of ${name} on this machine was damaged, and is made anew.`, { cause: error });
    }
  }
  const twice = <T>(access: RepositoryAccess, work: () => Promise<T>) => discardOn(access, work, work);

  return {
    ...workspaces,
    resolve: (access, ref) => twice(access, () => workspaces.resolve(access, ref)),
    head: (access) => twice(access, () => workspaces.head(access)),
    async readBase(access, base) {
      const { names, files, text } = await twice(access, () => workspaces.readBase(access, base));
      return {
        names,
        files: () => discardOn(access, files),
        text: (...given) => discardOn(access, () => text(...given)),
      };
    },
    async openScratch(access, options) {
      const scratch = await twice(access, () => workspaces.openScratch(access, options));
      return { ...scratch, readChanges: (signal) => discardOn(access, () => scratch.readChanges(signal)) };
    },
    async openWorkspace(access, options) {
      const workspace = await twice(access, () => workspaces.openWorkspace(access, options));
      return {
        ...workspace,
        files: () => discardOn(access, workspace.files),
        commit: (...given) => discardOn(access, () => workspace.commit(...given)),
        diff: () => discardOn(access, workspace.diff),
      };
    },
    merge: (access, sides) => twice(access, () => workspaces.merge(access, sides)),
    has: (access, commit) => twice(access, () => workspaces.has(access, commit)),
    treeOf: (access, sha) => discardOn(access, () => workspaces.treeOf(access, sha)),
    push: (access, push) => discardOn(access, () => workspaces.push(access, push)),
  };
}
