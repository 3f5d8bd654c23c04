import { z } from 'zod';

/** Characters and items that a plan of the model may have at most: people have to read it. */
const text = (longest: number) => z.string().trim().min(1).max(longest);

/** The operations that a plan of a model may have: those that make a change of what people have committed. */
export const PLANNED_OPERATIONS = ['merge', 'rebase', 'cherry-pick', 'revert'] as const;

/**
 * A plan as the model answers it: what only it can say. How the work is tested and handed in is not its to decide
 * (planned.ts). The descriptions are instructions to the model.
 */
export const ModelPlan = z.strictObject({
  goal: text(200).describe('What will be true when it is done, in one sentence.'),
  summary: text(3_000).describe('How it will be done and why so, for the person who approves it: a few sentences.'),
  steps: z
    .array(
      z.strictObject({
        name: text(40).describe('Unique, lower case: letters, digits and hyphens, beginning with a letter.'),
        title: text(100).describe('What it does, in a few words for the person who approves it.'),
        tool: text(40).describe(
          '`codegen`: write code. `manual:<word>`: wait there until a person has looked, and only where one must. `git_ops`: do what `git` says.',
        ),
        prompt: text(8_000).describe(
          'For codegen: the whole task of this step. For manual: what the person should check. For git_ops: why it is done.',
        ),
        git: z
          .strictObject({
            operation: z.enum(PLANNED_OPERATIONS),
            branch: text(240)
              .nullable()
              .describe(
                'merge: the branch to bring in. rebase: onto which. cherry-pick: the one that the commit is on.',
              ),
            commit: text(40).nullable().describe('cherry-pick, revert: the commit, as the task names it.'),
          })
          .nullish()
          .describe('For git_ops alone, and only where the task asks for it.'),
        depends_on: z.array(z.string()).max(20).describe('Names of the steps that must be done before this one.'),
        output_tokens: z
          .number()
          .int()
          .min(0)
          .max(1_000_000)
          .describe('For codegen: about how many tokens will be written, all edits together. For others: 0.'),
      }),
    )
    .min(1)
    .max(12)
    .describe('One codegen step for most tasks; several only where each is a piece of its own.'),
  files: z.array(text(300)).max(50).describe('Paths that will probably be changed or added.'),
  risks: z
    .array(text(500))
    .max(10)
    .describe('What could go wrong or is not clear. None where there is nothing to say.'),
});
export type ModelPlan = z.infer<typeof ModelPlan>;

export type ReadPlan = { ok: true; plan: ModelPlan } | { ok: false; errors: string[] };

/** Reads the model's answer. Lists everything wrong with it. */
export function readModelPlan(answer: string): ReadPlan {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return { ok: false, errors: ['it is not JSON'] };
  }
  const parsed = ModelPlan.safeParse(value);
  if (parsed.success) return { ok: true, plan: parsed.data };
  return { ok: false, errors: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}
