import { InternalError } from '../errors.ts';
import type { Git } from './git.ts';
import type { Mirror } from './mirror.ts';
import type { ContentChange } from './port.ts';
import { readDiff } from './read-changes.ts';

/**
 * What a merge of `head` into `base` changes in `base`, and which files have conflicts; those hold the marks of both sides.
 * It is made of trees alone: the mirror has no history, so the merge base is told, and stands in as the parent of both.
 * git before 2.40 takes no merge base by itself. https://git-scm.com/docs/git-merge-tree
 */
export async function mergeTrees(
  git: Git,
  mirror: Mirror,
  { base, head, ancestor, signal }: { base: string; head: string; ancestor: string; signal?: AbortSignal | undefined },
): Promise<{ changes: ContentChange[]; conflicts: string[] }> {
  const { place } = mirror;
  /** The tree of a commit with another history: the same every time. */
  const graft = async (commit: string, parent: string | null) => {
    const tree = await git.text(['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`], { place });
    const who = 'NOFX <nofx@localhost> 0 +0000';
    const parents = parent === null ? '' : `parent ${parent}\n`;
    const input = `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\n`;
    return git.text(['hash-object', '-t', 'commit', '-w', '--stdin'], { place, input, signal });
  };
  const root = await graft(ancestor, null);
  const [ours, theirs] = [await graft(base, root), await graft(head, root)];
  const args = ['merge-tree', '--write-tree', '--name-only', '-z', '--no-messages', ours, theirs];
  const merged = await git.run(args, { place, signal });
  const [tree = '', ...conflicts] = merged.stdout.toString('utf8').split('\0').filter(Boolean);
  if (merged.exitCode > 1 || !/^[0-9a-f]{40,64}$/.test(tree)) {
    throw new InternalError(`git merge-tree ended with ${merged.exitCode}: ${merged.stderr.slice(0, 500)}`);
  }
  const changes = await readDiff(git, place, ['diff-tree', '-r'], [base, tree], signal);
  return { changes, conflicts: merged.exitCode === 0 ? [] : [...new Set(conflicts)] };
}
