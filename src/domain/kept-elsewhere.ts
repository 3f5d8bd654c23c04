/** What a repository refers to and does not hold: submodules, and files in Git LFS. NOFX has neither, and so changes neither. */

/** The paths of the submodules that a `.gitmodules` names. */
export function submodulesOf(gitmodules: string): string[] {
  return [...gitmodules.matchAll(/^[ \t]*path[ \t]*=[ \t]*(.+?)[ \t]*$/gm)].map(([, path = '']) =>
    path.replace(/^"(.*)"$/, '$1').replace(/\/+$/, ''),
  );
}

/** Whether a path is in one of the submodules, or is one. */
export function isInSubmodule(path: string, submodules: readonly string[]): boolean {
  return submodules.some((submodule) => path === submodule || path.startsWith(`${submodule}/`));
}

/** Whether this is what a repository holds in place of a file in Git LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
export function isLfsPointer(content: string | Buffer): boolean {
  return content.length < 1024 && content.toString().startsWith('version https://git-lfs.github.com/spec/v1\n');
}
