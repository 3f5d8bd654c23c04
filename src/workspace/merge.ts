import { randomUUID } from 'node:crypto';
import { InternalError } from '../errors.ts';
import type { Git } from './git.ts';
import { makeCommit } from './make-commit.ts';
import type { Mirror } from './mirror.ts';
import type { ContentChange, Files } from './port.ts';
import { readDiff } from './read-changes.ts';

/** Nobody sees them: they are how the files of a change come to be a tree. */
const UNSEEN = { message: '', author: { name: 'nofx', email: 'nofx' }, date: new Date(0) };

/**
 * What a merge of `theirs` into `ours` changes in the commit of `ours`, and which files have conflicts; those hold the marks of
 * both sides. It is made of trees alone: the mirror has no history, so the merge base is told, and stands in as the parent of both.
 * git before 2.40 takes no merge base by itself. https://git-scm.com/docs/git-merge-tree
 */
export async function mergeTrees(
  git: Git,
  mirror: Mirror,
  sides: { ours: Files; theirs: Files; ancestor: Files; signal?: AbortSignal | undefined },
): Promise<{ changes: ContentChange[]; conflicts: string[] }> {
  const { place } = mirror;
  const { signal } = sides;
  const commits: string[] = [];
  for (const files of [sides.ancestor, sides.ours, sides.theirs]) {
    commits.push(await commitOf(git, mirror, files, signal));
  }
  const wanted = commits.map((commit) => `${commit}^{tree}`);
  const trees = (await git.text(['rev-parse', ...wanted], { place, signal })).split('\n');
  /** The files of one side with another history: the same every time. */
  const graft = (tree = '', parent: string | null) => {
    const who = 'NOFX <nofx@localhost> 0 +0000';
    const parents = parent === null ? '' : `parent ${parent}\n`;
    const input = `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\n`;
    return git.text(['hash-object', '-t', 'commit', '-w', '--stdin'], { place, input, signal });
  };
  const root = await graft(trees[0], null);
  const [ours, theirs] = await Promise.all([graft(trees[1], root), graft(trees[2], root)]);
  const args = ['merge-tree', '--write-tree', '--name-only', '-z', '--no-messages', ours, theirs];
  const merged = await git.run(args, { place, signal });
  const [tree = '', ...conflicts] = merged.stdout.toString('utf8').split('\0').filter(Boolean);
  if (merged.exitCode > 1 || !/^[0-9a-f]{40,64}$/.test(tree)) {
    throw new InternalError(`git merge-tree ended with ${merged.exitCode}: ${merged.stderr.slice(0, 500)}`);
  }
  const changes = await readDiff(git, place, ['diff-tree', '-r'], [sides.ours.commit, tree], signal);
  return { changes, conflicts: merged.exitCode === 0 ? [] : [...new Set(conflicts)] };
}

function commitOf(git: Git, mirror: Mirror, { commit, changes = [] }: Files, signal?: AbortSignal): Promise<string> {
  if (changes.length === 0) return Promise.resolve(commit);
  const ref = `refs/nofx/scratch/${randomUUID()}`;
  // What they may touch was asked when they were made, and is asked again of what comes of them.
  const made = { base: commit, changes, meta: UNSEEN, ref, into: mirror.place, protectedPaths: [] };
  return makeCommit(git, mirror, { ...made, ...(signal && { signal }) });
}
