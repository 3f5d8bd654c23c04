/** The file of a commit that a tool means by a path; null where it is none, or could be several. */
export type Locate = (path: string, within?: string) => string | null;

/**
 * Tools name files in full (below `root`), from the folder they run in, which may be any below the top, or without any
 * folder but with their package (`within`).
 */
export function createLocator(root: string, files: readonly string[]): Locate {
  const known = new Set(files);
  let byName: Map<string, string[]> | undefined;

  return (path, within) => {
    const relative = belowRoot(path, root);
    const wanted = relative && normal(relative);
    if (!wanted) return null;
    if (within === undefined && known.has(wanted)) return wanted;
    byName ??= groupByName(files);
    const same = (byName.get(nameOf(wanted)) ?? []).filter((file) => file === wanted || file.endsWith(`/${wanted}`));
    const fitting = within === undefined ? same : inPackage(same, within);
    return fitting.length === 1 ? fitting[0]! : known.has(wanted) ? wanted : null;
  };
}

/** Without `root`; null where it is a path outside of it. */
function belowRoot(path: string, root: string): string | null {
  const plain = decoded(path.replace(/^file:\/\//, ''));
  if (plain.startsWith(`${root}/`)) return plain.slice(root.length + 1);
  return plain.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(plain) ? null : plain;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `a/../b/./c` as `b/c`; null where it climbs out. */
function normal(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}

/** The files whose folder ends most like the package's path. */
function inPackage(files: string[], within: string): string[] {
  const wanted = within.split('/').toReversed();
  const common = (file: string) => {
    const folders = file.split('/').slice(0, -1).toReversed();
    const differs = folders.findIndex((folder, at) => folder !== wanted[at]);
    return differs === -1 ? folders.length : differs;
  };
  const most = files.reduce((best, file) => Math.max(best, common(file)), 0);
  return files.filter((file) => common(file) === most);
}

function groupByName(files: readonly string[]): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const file of files) {
    const same = byName.get(nameOf(file));
    if (same) same.push(file);
    else byName.set(nameOf(file), [file]);
  }
  return byName;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
