import { notVerified } from '../domain/verified.ts';
import { accessOf, githubOf, hasApp } from './access.ts';
import { openCommitted, type WriteOutputs } from './change-set.ts';
import { foreignCommits, isOwn } from './foreign.ts';
import type { StepContext } from './handler.ts';
import { commitVerified } from './push-verified.ts';

/** What is on the branch then; and what people are told of it, in sentences. */
export type Pushed = { sha: string; notes?: string[] };

/** Under which keys pushes are recorded; of an older version under `push` alone. */
export const isPush = (effect: string): boolean => /^push( |$)/.test(effect);

/**
 * Brings a commit of the run to its `nofx/…` branch, once for a step: pushed, or made by GitHub where the repository wants it signed.
 * UserError where somebody else has pushed to it meanwhile.
 */
export async function pushWork(context: StepContext, written: WriteOutputs): Promise<Pushed> {
  const { adapters, run } = context;
  return context.effect(`push ${context.step.id}`, async (): Promise<Pushed> => {
    const rebuilt = adapters.workspaces
      .has(accessOf(context), written)
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

function pushOver(context: StepContext, { sha, branch }: WriteOutputs, expected: string | null): Promise<void> {
  return context.adapters.workspaces.push(accessOf(context), { sha, branch, expected });
}

/**
 * Where the branch stands, if a push may go over it. What anyone else put there stays. Where GitHub cannot be asked it must be
 * new, or be at that commit already.
 */
async function replaceable(context: StepContext, written: WriteOutputs): Promise<string | null> {
  const repository = githubOf(context.project);
  if (repository === null) return null;
  const head = await context.adapters.github.branchHead(repository, written.branch);
  if (await isOwn(context, head, written)) return head;
  throw foreignCommits(written.branch);
}
