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
