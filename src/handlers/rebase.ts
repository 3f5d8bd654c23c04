import { z } from 'zod';
import { code } from '../domain/markdown.ts';
import { handInSteps, type PlanStep } from '../domain/plan.ts';
import { InternalError } from '../errors.ts';
import { accessOf, repositoryOf } from './access.ts';
import { collect } from './codegen.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';

const RebaseInputs = z.looseObject({
  /** the commit that base and pull request both come from */
  ancestor: z.string(),
  /** whether the commits of the branch are all ours, so that one on the new base may take their place */
  rewrite: z.boolean(),
  /** what the pull request is about */
  summary: z.string(),
});
type RebaseInputs = z.infer<typeof RebaseInputs>;

/**
 * Brings a pull request up to date with its base. Where all its commits are ours, they become one on the new base; where
 * others have pushed to it, GitHub merges the base into it and nothing of theirs is rewritten. The model resolves
 * conflicts of our own commits; those of others are named, file by file.
 */
export const rebase = defineHandler<RebaseInputs>({
  inputs: RebaseInputs,
  timeLimitMs: 10 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { run, inputs, adapters, step } = context;
    const { pullRequest } = run.source;
    if (!pullRequest) throw new InternalError(`${run.id} is about no pull request.`);
    const { changes, conflicts } = await adapters.workspaces.merge(accessOf(context), {
      ours: { commit: run.baseSha },
      theirs: { commit: pullRequest.headSha },
      ancestor: { commit: inputs.ancestor },
    });
    if (!inputs.rewrite) return conflicts.length > 0 ? leftTo(conflicts, run.baseRef) : merged(context, pullRequest);
    const outcome = await collect(context, { changes, summary: inputs.summary });
    if (outcome.status !== 'succeeded') return outcome;
    const adds = conflicts.length > 0 ? [resolving(step.name, conflicts, run.baseRef)] : [];
    const last = adds[0]?.name ?? step.name;
    const gates = run.config.gates?.map(({ name }) => name);
    const handIn = handInSteps({ fromStep: last, gates, openPr: false }, [step.name, last]);
    return { ...outcome, adds: [...adds, ...handIn] };
  },
});

function resolving(fromStep: string, conflicts: readonly string[], base: string): PlanStep {
  const files = conflicts.map((path) => `- ${path}`).join('\n');
  return {
    name: 'resolve',
    tool: 'codegen',
    inputs: {
      prompt: `Resolve the merge conflicts in these files. Between <<<<<<< and ======= stands what ${base} has, between ======= and >>>>>>> what this pull request has; both are to be kept in meaning. Leave no such mark behind, and change nothing else.\n\n${files}`,
      fromStep,
      unresolved: [...conflicts],
    },
    secrets_scope: 'model, github',
  };
}

async function merged(context: StepContext, pull: { number: number; headSha: string }): Promise<StepOutcome> {
  await context.effect('update_branch', async () => {
    await context.adapters.github.updateBranch(repositoryOf(context), pull.number, pull.headSha);
    return { merged: context.run.baseSha };
  });
  return { status: 'succeeded', outputs: { merged: context.run.baseSha } };
}

function leftTo(conflicts: readonly string[], base: string): StepOutcome {
  const files = conflicts
    .slice(0, 20)
    .map((path) => code(path))
    .join(', ');
  const more = conflicts.length > 20 ? ` and ${conflicts.length - 20} more` : '';
  return {
    status: 'failed',
    failure: {
      kind: 'conflict',
      message: `It conflicts with ${base} in ${files}${more}. Others have pushed to it as well, and NOFX rewrites no commits of theirs, so it was left as it is.`,
      next: `Merge ${base} into it yourself, or comment \`/nofx <what you want>\` on the issue for a new attempt.`,
    },
  };
}
