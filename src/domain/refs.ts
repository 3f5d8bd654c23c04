/** Names of branches. Source of the rules: git-check-ref-format(1). */

/** The folder all of NOFX's branches are in; nothing else is ever pushed. */
export const WORK_BRANCH_PREFIX = 'nofx/';

/** True for a short branch name that git takes and that can't be read as an option, a range or a refspec. */
export function isBranchName(name: string): boolean {
  if (name === '' || name === '@' || name.startsWith('-') || Buffer.byteLength(name) > 240) return false;
  if (!name.isWellFormed()) return false;
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name)) return false;
  if (name.includes('..') || name.includes('@{') || name.includes('//')) return false;
  if (name.startsWith('/') || name.endsWith('/') || name.endsWith('.')) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** A branch NOFX may push: `nofx/…`, with a name after it. */
export function isWorkBranch(name: string): boolean {
  return name.startsWith(WORK_BRANCH_PREFIX) && isBranchName(name);
}

/** A full object name: SHA-1 or SHA-256. */
export function isSha(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** What stands for something in a pattern of branch names. */
const BRANCH_PLACES = ['issue', 'slug', 'user', 'run'] as const;
export type BranchPlace = (typeof BRANCH_PLACES)[number];

/** What is wrong with a pattern of branch names such as `nofx/{issue}-{run}`; null when nothing is. */
export function branchPatternProblem(pattern: string): string | null {
  if (!pattern.startsWith(WORK_BRANCH_PREFIX)) return `must begin with ${WORK_BRANCH_PREFIX}: NOFX pushes nowhere else`;
  const places = [...pattern.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
  const unknown = places.find((name) => !(BRANCH_PLACES as readonly string[]).includes(name));
  if (unknown !== undefined) return `has an unknown {${unknown}}; known are {${BRANCH_PLACES.join('}, {')}}`;
  // Without it two runs would want one branch, and the second would not be let onto it.
  if (!places.includes('run')) return 'must have {run} in it, so that each run has a branch of its own';
  if (pattern.length > 100) return 'must not be longer than 100 characters';
  const literal = pattern.replace(/\{[^}]*\}/g, 'x');
  if (!/^[\w/-]+$/.test(literal)) return 'may hold letters, digits, "-", "_" and "/" beside its places';
  return isBranchName(literal) ? null : 'must be a branch name';
}
