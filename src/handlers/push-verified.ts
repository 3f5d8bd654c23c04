import { whyNotVerified } from '../domain/verified.ts';
import { accessOf, repositoryOf } from './access.ts';
import { commitMeta, loadChangeSet, type WriteOutputs } from './change-set.ts';
import { foreignCommits } from './foreign.ts';
import type { StepContext } from './handler.ts';

/** The commit on the branch; or why there is none, and where the branch stands then. */
export type Verified = { sha: string } | { obstacle: string; head: string | null };

/**
 * Has GitHub make the run's commit, so that it is signed, on a branch that points to the base. It has the very tree of the
 * commit that was checked, or it does not count. After a crash it is known by that tree, its parent and its trailer.
 */
export async function commitVerified(context: StepContext, written: WriteOutputs): Promise<Verified> {
  const { run, adapters } = context;
  const { github, workspaces } = adapters;
  const repository = repositoryOf(context);
  const { changeSet, changes } = await loadChangeSet(context, written.codegenStepId);
  const { base, merged = [] } = changeSet;
  const { branch } = written;
  const why = merged.length > 0 ? 'it is a merge' : whyNotVerified(changes);
  const marker = await context.marker();
  const head = await github.branchHead(repository, branch);
  const isFree = head === null || head === base || head === marker.sha || (await context.commits()).includes(head);
  // It was pushed before, and nobody has noted it.
  if (head === written.sha) return { obstacle: why ?? 'GitHub did not make it', head };
  if (why !== null && isFree) return { obstacle: why, head };

  const tree = await workspaces.treeOf(accessOf(context), written.sha);
  if (!isFree) {
    const found = await github.commit(repository, head);
    const isOurs = found.parents.join() === base && found.message.includes(`\nNOFX-Run: ${run.id}`);
    if (!isOurs) throw foreignCommits(branch);
    return found.tree === tree ? { sha: head } : { obstacle: OTHER_FILES, head };
  }
  if (head !== base) {
    // A pull request is closed when its branch has nothing on its base, be it for a moment.
    if (run.source.pullRequest) return { obstacle: 'it takes the place of others in a pull request', head };
    await workspaces.push(accessOf(context), { sha: base, branch, expected: head });
  }
  const { message } = await commitMeta(context, changeSet, written.message);
  const made = await github.createVerifiedCommit(repository, {
    branch,
    expected: base,
    message,
    additions: changes.flatMap((change) =>
      change.status === 'deleted' ? [] : [{ path: change.path, bytes: change.bytes }],
    ),
    deletions: deletedBy(changes),
  });
  if ('refused' in made) return { obstacle: `GitHub refused it (${made.refused})`, head: base };
  return made.tree === tree ? { sha: made.sha } : { obstacle: OTHER_FILES, head: made.sha };
}

const OTHER_FILES = 'GitHub made other files of it';

/** The paths that are there no more: nothing else may have come to where a file was. */
function deletedBy(changes: Awaited<ReturnType<typeof loadChangeSet>>['changes']): string[] {
  const written = new Set(changes.flatMap((change) => (change.status === 'deleted' ? [] : [change.path])));
  const gone = changes.flatMap((change) =>
    change.status === 'deleted' ? [change.path] : change.status === 'renamed' ? [change.previousPath!] : [],
  );
  return gone.filter((path) => !written.has(path));
}
