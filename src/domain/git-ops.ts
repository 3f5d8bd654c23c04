import { z } from 'zod';
import { code } from './markdown.ts';
import { mistakeIn, type Mistake } from './mistake.ts';
import { GitMode } from './project.ts';
import { isBranchName, isSha, isWorkBranch, WORK_BRANCH_PREFIX } from './refs.ts';
import type { Failure } from './run.ts';

/** A branch of the repository, to read from. What could be a commit is none: by that GitHub gives those of forks as well. */
const Branch = z.string().refine((name) => isBranchName(name) && !isSha(name), 'must be the name of a branch');
/** A name that is NOFX's to give. */
const OwnName = z.string().refine(isWorkBranch, `must be a name under ${WORK_BRANCH_PREFIX}`);
const Commit = z.string().regex(/^[0-9a-f]{7,40}$/, 'must be a commit: 7 to 40 digits 0-9 and a-f');
const Message = z.string().trim().min(1).max(4_000);

/** What the inputs of every step may hold. */
const common = {
  /** the step whose change or commit it goes on from; the newest before it unless told */
  fromStep: z.string().optional(),
  title: z.string().optional(),
  env: z.unknown().optional(),
  _dependsOn: z.unknown().optional(),
  _policy: z.unknown().optional(),
  _replaces: z.unknown().optional(),
  /** the commit at which its branch stood when people approved it; where the branch stands by then unless told */
  _at: z.string().refine(isSha).optional().describe('NOFX settles it: a plan that gives it is refused.'),
};

/** The inputs of an operation. What is not named here is refused: nothing of a plan ever becomes an option of git's. */
const operation = <Name extends string, Inputs extends z.ZodRawShape>(name: Name, inputs: Inputs) =>
  z.strictObject({ ...common, operation: z.literal(name), ...inputs });

const OPERATIONS = [
  operation('commit', { message: Message.optional() }),
  operation('sync', {}),
  operation('branch', { branch_name: OwnName }),
  operation('switch', { branch_name: OwnName }),
  operation('push', { branch_name: OwnName.optional() }),
  operation('pull', { source_branch: Branch.optional() }),
  operation('merge', { source_branch: Branch }),
  operation('rebase', { onto_branch: Branch.optional() }),
  operation('cherry-pick', { commit_sha: Commit, source_branch: Branch.optional() }),
  operation('revert', { commit_sha: Commit }),
  operation('stash', {
    mode: z.enum(['push', 'pop']).default('push'),
    message: Message.optional(),
    /** pop: the name of the step that has set the changes aside; the newest unless told */
    stash: z.string().optional(),
  }),
  operation('reset', {
    mode: z.enum(['soft', 'mixed', 'hard']).default('mixed'),
    /** `HEAD`: the run's newest commit, `base`: where it stands, or the name of a step that has made a change */
    commit: z.string().default('HEAD'),
  }),
  operation('tag', { tag_name: OwnName }),
] as const;

export type GitOperation = (typeof OPERATIONS)[number]['shape']['operation']['value'];

/** From which git mode upward each operation is allowed. */
export const LEAST_MODE = {
  commit: 'hidden',
  sync: 'hidden',
  branch: 'basic',
  merge: 'basic',
  push: 'basic',
  pull: 'basic',
  switch: 'basic',
  rebase: 'advanced',
  'cherry-pick': 'advanced',
  stash: 'advanced',
  reset: 'advanced',
  tag: 'advanced',
  revert: 'advanced',
} as const satisfies Record<GitOperation, GitMode>;

/** The inputs of a step of the tool `git_ops`, by `operation`. */
export const GitOp = z.discriminatedUnion('operation', OPERATIONS, {
  error: ({ code: kind }) =>
    kind === 'invalid_union' ? `must be one of ${Object.keys(LEAST_MODE).join(', ')}` : undefined,
});
export type GitOp = z.infer<typeof GitOp>;

/** One of its operations. */
export type GitOpOf<Operation extends GitOperation> = Extract<GitOp, { operation: Operation }>;

/** Those that need to know how commits come from one another, which is asked of GitHub; and tags, which are made there. */
const ON_GITHUB: readonly GitOperation[] = ['pull', 'merge', 'cherry-pick', 'revert', 'tag'];

/** Whether an operation may be done in a git mode. */
export function allows(mode: GitMode, wanted: GitOperation): boolean {
  return GitMode.options.indexOf(mode) >= GitMode.options.indexOf(LEAST_MODE[wanted]);
}

type Step = { name: string; tool: string; inputs?: Record<string, unknown> | undefined };

/** What is wrong with the arguments of git operations, step by step; mode and order aside. */
export function argumentMistakes(steps: readonly Step[]): Mistake[] {
  return steps.flatMap((step, at) => {
    const issues = step.tool === 'git_ops' ? (GitOp.safeParse(step.inputs).error?.issues ?? []) : [];
    return issues.map(({ path, message }) =>
      mistakeIn(step, at, ['inputs', ...path].join('.'), [path.join('.'), message].filter(Boolean).join(': ')),
    );
  });
}

/** The operations of a plan that its repository's git mode does not allow, with the mode that would. */
export function modeErrors(steps: readonly Step[], mode: GitMode): string[] {
  return gitSteps(steps).flatMap(({ name, inputs }) => {
    const wanted = GitOp.safeParse(inputs).data?.operation;
    if (wanted === undefined || allows(mode, wanted)) return [];
    return [`step "${name}": ${wanted} takes the git mode ${LEAST_MODE[wanted]} or above, and here it is ${mode}`];
  });
}

/** The operations of a plan that cannot be done in a repository that is not on GitHub. */
export function placeErrors(steps: readonly Step[]): string[] {
  return gitSteps(steps).flatMap(({ name, inputs }) => {
    const wanted = GitOp.safeParse(inputs).data?.operation;
    return wanted !== undefined && ON_GITHUB.includes(wanted)
      ? [`step "${name}": ${wanted} is done on GitHub only`]
      : [];
  });
}

/** Why a step may not do its operation in this mode, as people are told; null where it may. */
export function refusal(step: string, wanted: GitOperation, mode: GitMode): Failure | null {
  if (allows(mode, wanted)) return null;
  return {
    kind: 'policy',
    message:
      mode === 'hidden'
        ? `Step "${step}" was not run: in this repository such things are left to NOFX.`
        : `Step "${step}" was not run: ${code(wanted)} takes the git mode ${LEAST_MODE[wanted]}, and this repository's is ${mode}.`,
    next:
      mode === 'hidden'
        ? 'Start again without that step.'
        : `Start again without that step, or set \`git_mode: ${LEAST_MODE[wanted]}\`.`,
  };
}

/** Where a change and what came to the repository do not go together. */
export function conflictFailure(files: readonly string[], what: string, mode: GitMode): Failure {
  const named = files.slice(0, 20).map((path) => code(path));
  const more = files.length > 20 ? ` and ${files.length - 20} more` : '';
  return {
    kind: 'conflict',
    message:
      mode === 'hidden'
        ? `Somebody else has changed the same lines meanwhile, in ${named.join(', ')}${more}.`
        : `${what} conflicts with the change of this run in ${named.join(', ')}${more}. Nothing was pushed.`,
    next:
      mode === 'hidden'
        ? 'Start it again: it then begins from the newest version.'
        : 'Start it again from the newest base, or leave out that step and do it yourself.',
  };
}

function gitSteps(steps: readonly Step[]): Step[] {
  return steps.filter(({ tool }) => tool === 'git_ops');
}
