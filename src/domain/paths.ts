import { matchesPattern } from './path-patterns.ts';

/**
 * Which paths a change may touch. Pure: the file system is never asked, because NOFX builds commits
 * from git objects and lets git alone write the checkout.
 */

/** What nobody can allow: GitHub refuses a push of the first, and the others decide what is run, and from where. */
const ALWAYS_PROTECTED: readonly string[] = ['/.github/workflows/', '/.github/nofx.yml', '/.gitmodules'];

/** Files that decide who may approve what, and how; a repository may have a list of its own. */
export const PROTECTED_PATHS: readonly string[] = ['.github/**', '/CODEOWNERS', '/docs/CODEOWNERS'];

export type PathProblem =
  | 'empty'
  | 'absolute'
  | 'traversal'
  | 'control_character'
  | 'backslash'
  | 'git_directory'
  | 'too_long'
  | 'not_unicode'
  | 'protected';

export type PathCheck = { ok: true } | { ok: false; problem: PathProblem; reason: string };

const reasons: Record<PathProblem, string> = {
  empty: 'has an empty part',
  absolute: 'is absolute',
  traversal: 'has a `.` or `..` part',
  control_character: 'has a control character',
  backslash: 'has a backslash',
  git_directory: 'is inside a git directory',
  too_long: 'is too long',
  not_unicode: 'is not valid Unicode',
  protected: 'is protected',
};

/**
 * Whether a repository-relative path with `/` separators may be written or deleted.
 * `protected` are patterns (path-patterns.ts) beside those that always hold; PROTECTED_PATHS unless told.
 */
export function checkPath(path: string, rules: { protected?: readonly string[] } = {}): PathCheck {
  const patterns = [...ALWAYS_PROTECTED, ...(rules.protected ?? PROTECTED_PATHS)];
  const problem = problemOf(path) ?? (patterns.some((pattern) => protects(pattern, path)) ? 'protected' : null);
  return problem === null ? { ok: true } : { ok: false, problem, reason: reasons[problem] };
}

function problemOf(path: string): PathProblem | null {
  if (path === '') return 'empty';
  if (!path.isWellFormed()) return 'not_unicode';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'absolute';
  // On Windows a backslash separates; git refuses it in a checkout there.
  if (path.includes('\\')) return 'backslash';
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'control_character';
  if (Buffer.byteLength(path) > 4000) return 'too_long';
  for (const part of path.split('/')) {
    if (part === '') return 'empty';
    if (part === '.' || part === '..') return 'traversal';
    if (Buffer.byteLength(part) > 255) return 'too_long';
    if (isGitDirectory(part)) return 'git_directory';
  }
  return null;
}

/**
 * The patterns without those that protect one of the paths: with them instead, the paths could be written. Null where
 * no list would do.
 */
export function withoutProtecting(patterns: readonly string[], paths: readonly string[]): string[] | null {
  if (paths.some((path) => ALWAYS_PROTECTED.some((pattern) => protects(pattern, path)))) return null;
  return patterns.filter((pattern) => !paths.some((path) => protects(pattern, path)));
}

/**
 * True for every name that some file system takes for `.git`: any case, HFS+'s ignored code points,
 * NTFS's short name, trailing dots, spaces and `:stream`. The rules are git's own, from
 * `is_ntfs_dotgit` and `is_hfs_dotgit` (path.c, utf8.c).
 */
export function isGitDirectory(part: string): boolean {
  const plain = foldName(part);
  return plain === '.git' || plain === 'git~1';
}

/** The name as a careless file system sees it: folded case, no ignored characters, no NTFS tail. */
function foldName(part: string): string {
  return part
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]/g, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/:.*$/s, '')
    .replace(/[. ]+$/, '');
}

function protects(pattern: string, path: string): boolean {
  return matchesPattern(path.split('/').map(foldName).join('/'), pattern.toLowerCase());
}

/**
 * Whether a symlink at `path` may point to `target`: relative, and inside the repository. After
 * its leading `..` parts a target only goes down, so that a chain of such links stays inside too.
 */
export function checkSymlink(path: string, target: string): PathCheck {
  const fail = (problem: PathProblem): PathCheck => ({
    ok: false,
    problem,
    reason: `points to a place that ${reasons[problem]}`,
  });
  if (target === '') return fail('empty');
  if (target.startsWith('/') || /^[a-z]:/i.test(target)) return fail('absolute');
  const parts = target.split('/').filter((part, at, all) => part !== '.' && !(part === '' && at === all.length - 1));
  const ups = parts.findIndex((part) => part !== '..');
  const climbed = ups === -1 ? parts.length : ups;
  if (climbed > path.split('/').length - 1) return fail('traversal');
  const rest = parts.slice(climbed).join('/');
  if (rest === '') return { ok: true };
  const problem = problemOf(rest);
  return problem === null ? { ok: true } : fail(problem);
}
