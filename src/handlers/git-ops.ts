import { GitOp, refusal, type GitOpOf } from '../domain/git-ops.ts';
import { commitStep } from './change-set.ts';
import { cherryPick, merge, pop, rebaseOnto, reset, revert, setAside, sync } from './git-ops-change.ts';
import { branch, switchTo, tag } from './git-ops-names.ts';
import { commitFor } from './git-ops-source.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';
import { pushWork } from './push-work.ts';

/**
 * A git operation on what the run has made so far. What changes files makes a change set as the model does, so that
 * commits, gates and cancels know nothing of it; what changes names changes those under `nofx/` alone.
 */
export const gitOps = defineHandler<GitOp>({
  inputs: GitOp,
  timeLimitMs: 10 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { step, run, inputs } = context;
    const failure = refusal(step.name, inputs.operation, run.gitMode);
    return failure ? { status: 'failed', failure } : perform(context, inputs);
  },
});

function perform(context: StepContext, op: GitOp): Promise<StepOutcome> {
  const { baseRef } = context.run;
  switch (op.operation) {
    case 'commit':
      // In words of the plan's own, where it has some.
      return commitStep(context, op.fromStep ?? '', op.message);
    case 'push':
      return push(context, op);
    case 'sync':
      return sync(context, op);
    case 'pull':
    case 'merge':
      return merge(context, op, op.source_branch ?? baseRef);
    case 'rebase':
      return rebaseOnto(context, op, op.onto_branch ?? baseRef);
    case 'cherry-pick':
      return cherryPick(context, op);
    case 'revert':
      return revert(context, op);
    case 'stash':
      return op.mode === 'push' ? setAside(context, op) : pop(context, op);
    case 'reset':
      return reset(context, op);
    case 'branch':
      return branch(context, op);
    case 'switch':
      return switchTo(context, op);
    case 'tag':
      return tag(context, op);
  }
}

async function push(context: StepContext, op: GitOpOf<'push'>): Promise<StepOutcome> {
  const written = await commitFor(context, op);
  const to = op.branch_name ?? written.branch;
  const { sha, notes = [] } = await pushWork(context, { ...written, branch: to });
  return { status: 'succeeded', outputs: { sha, branch: to, notes } };
}
