import type { GitOp } from './git-ops.ts';
import { code } from './markdown.ts';
import type { GitMode } from './project.ts';
import { truncateChars } from './text.ts';

/** What the step of a git operation is called, in markdown; to business users without a word of git. */
export function gitOpTitle(op: GitOp, mode: GitMode): string {
  return mode === 'hidden' ? plainTitle(op) : technicalTitle(op);
}

function plainTitle({ operation }: GitOp): string {
  switch (operation) {
    case 'commit':
      return 'Save the changes';
    case 'sync':
      return 'Take over what others have changed meanwhile';
    // These are not for such repositories; a run may have begun before its mode was changed.
    default:
      return 'Work on it';
  }
}

function technicalTitle(op: GitOp): string {
  switch (op.operation) {
    case 'commit':
      return op.message === undefined ? 'Commit the changes' : `Commit the changes: ${first(op.message)}`;
    case 'sync':
      return 'Bring in the newest base';
    case 'branch':
      return `Make the branch ${code(op.branch_name, 80)}`;
    case 'switch':
      return `Go on on the branch ${code(op.branch_name, 80)}`;
    case 'push':
      return op.branch_name === undefined ? 'Push the branch' : `Push to ${code(op.branch_name, 80)}`;
    case 'pull':
      return op.source_branch === undefined ? 'Pull the newest base' : `Pull ${branchAt(op.source_branch, op)}`;
    case 'merge':
      return `Merge ${branchAt(op.source_branch, op)}`;
    case 'rebase':
      return op.onto_branch === undefined
        ? 'Rebase onto the newest base'
        : `Rebase onto ${branchAt(op.onto_branch, op)}`;
    case 'cherry-pick':
      return op.source_branch === undefined
        ? `Cherry-pick ${code(op.commit_sha.slice(0, 7))}`
        : `Cherry-pick ${code(op.commit_sha.slice(0, 7))} from ${branchAt(op.source_branch, op)}`;
    case 'revert':
      return `Revert ${code(op.commit_sha.slice(0, 7))}`;
    case 'stash':
      if (op.mode === 'pop') return 'Bring back what was set aside';
      return op.message === undefined ? 'Set the changes aside' : `Set the changes aside: ${first(op.message)}`;
    case 'reset':
      return op.mode === 'hard' ? `Go back to ${code(op.commit, 80)}` : 'Undo the commit, keep the changes';
    case 'tag':
      return `Tag the commit as ${code(op.tag_name, 80)}`;
  }
}

/** `` `feature` @ `1a2b3c4` `` where it is settled which commit of it. */
function branchAt(branch: string, { _at: sha }: Pick<GitOp, '_at'>): string {
  return sha === undefined ? code(branch, 80) : `${code(branch, 80)} @ ${code(sha.slice(0, 7))}`;
}

function first(message: string): string {
  return code(truncateChars(message.split('\n')[0] ?? '', 80), 80);
}
