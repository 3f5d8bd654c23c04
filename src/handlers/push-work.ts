import { notVerified } from '../domain/verified.ts';
import { accessOf, hasApp, repositoryOf } from './access.ts';
import { openCommitted, type WriteOutputs } from './change-set.ts';
import { foreignCommits } from './foreign.ts';
import type { StepContext } from './handler.ts';
import { commitVerified } from './push-verified.ts';

/** What is on the branch then; and what people are told of it, in sentences. */
export type Pushed = { sha: string; notes?: string[] };

/**
 * Brings the run's commit to its `nofx/…` branch, once: pushed, or made by GitHub where the repository wants it signed.
 * UserError where somebody else has pushed to it meanwhile.
 */
export async function pushWork(context: StepContext, written: WriteOutputs): Promise<Pushed> {
  const { adapters, run } = context;
  return context.effect('push', async (): Promise<Pushed> => {
    const rebuilt = adapters.workspaces
      .has(accessOf(context), written.sha)
      // Another machine wrote it, or this one was cleaned: the artifacts make it again.
      .then((here) => (here ? null : openCommitted(context, written)));
    if (run.config.commits === 'verified' && hasApp(context.project)) {
      await rebuilt;
      return signed(context, written);
    }
    const [head] = await Promise.all([replaceable(context, written), rebuilt]);
    if (head === written.sha) return { sha: written.sha };
    try {
      await pushOver(context, written, head);
    } catch (error) {
      // The run's own marker may have come to the branch since; anything else is as it was.
      const now = head === null ? await replaceable(context, written) : null;
      if (now === null) throw error;
      if (now !== written.sha) await pushOver(context, written, now);
    }
    return { sha: written.sha };
  });
}

async function signed(context: StepContext, written: WriteOutputs): Promise<Pushed> {
  const verified = await commitVerified(context, written);
  if ('sha' in verified) return verified;
  const { obstacle, head } = verified;
  if (head !== written.sha) await pushOver(context, written, head);
  // To business users a commit is none of their business, signed or not.
  return { sha: written.sha, notes: context.run.gitMode === 'hidden' ? [] : [notVerified(obstacle)] };
}

function pushOver(context: StepContext, { sha }: WriteOutputs, expected: string | null): Promise<void> {
  const { run, adapters } = context;
  return adapters.workspaces.push(accessOf(context), { sha, branch: run.branch, expected });
}

/**
 * Where the branch stands, if a push may go over it: nothing, our own marker, or the same commit. What anyone else put
 * there stays. Without the app there is no marker, so it must be new, or be at that commit already.
 */
async function replaceable(context: StepContext, written: WriteOutputs): Promise<string | null> {
  const { run, adapters } = context;
  if (!hasApp(context.project)) return null;
  const head = await adapters.github.branchHead(repositoryOf(context), run.branch);
  if (head === null || head === written.sha || head === (await context.marker()).sha) return head;
  throw foreignCommits(run.branch);
}
