import { z } from 'zod';
import { patternProblem } from './path-patterns.ts';
import { GitMode } from './project.ts';
import { branchPatternProblem, isBranchName } from './refs.ts';

/** Where a repository keeps its configuration, and an organization (in its repository `.github`) the defaults of all. */
export const REPO_CONFIG_PATH = '.github/nofx.yml';

const SOME = 50;
const LONGEST_DAY_USD = 100_000;

const command = z
  .string()
  .trim()
  .min(1, 'must name a command')
  .max(2_000)
  .refine((text) => !text.includes('\0'), 'must not hold a NUL character');

/** Together they stay below the time that a gate's step has. */
const setupMinutes = z.number().positive().max(20);
const gateMinutes = z.number().positive().max(40);

const domain = z
  .string()
  .regex(
    /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i,
    'must be a host name such as registry.example.com',
  );

const Setup = z.union([
  command,
  z.strictObject({
    command: command.optional().describe('Default: what NOFX finds.'),
    timeout_minutes: setupMinutes.optional().describe('Default: 10.'),
    allow_scripts: z
      .boolean()
      .optional()
      .describe("Lets npm, pnpm and yarn run the packages' install scripts. Default: false."),
    domains: z
      .array(domain)
      .max(SOME)
      .optional()
      .describe('Hosts the set-up may reach over https, beside those of the package registries that NOFX finds.'),
  }),
]);

const Gate = z.union([
  command,
  z.strictObject({
    command,
    timeout_minutes: gateMinutes.optional().describe('Default: 20.'),
    setup: z.boolean().optional().describe('Whether the set-up is run before it. Default: true.'),
  }),
]);

const GateName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,29}$/, 'must be a lower-case letter, then up to 29 letters, digits, "_" or "-"');

/** https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication */
const LOGIN = String.raw`[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:_[A-Za-z0-9]+)?`;
const login = z.string().regex(new RegExp(`^${LOGIN}$`), 'must be a login such as octocat, without @');
const loginOrTeam = z
  .string()
  .regex(
    new RegExp(`^${LOGIN}(?:/[A-Za-z0-9_.-]{1,100})?$`),
    'must be a login such as octocat, or a team such as acme/reviewers, without @',
  );

const modelId = z.string().regex(/^[\w.:@/-]{1,100}$/, 'must be a model id');
const label = z.string().trim().min(1).max(50);
const dollars = z.number().positive().max(LONGEST_DAY_USD);

function pathPattern(text: string, context: z.RefinementCtx): void {
  const problem = patternProblem(text);
  if (problem) context.addIssue(problem);
}

/**
 * `.github/nofx.yml` as it is written: what a repository may settle for itself. Everything is optional; `RunConfig`
 * has the defaults. The descriptions are what editors show (`nofx.schema.json`).
 */
export const RepoConfig = z.strictObject({
  label: label.optional().describe('The label that starts a run on an issue. Default: nofx.'),
  model: modelId.optional().describe("The model that writes the code. Default: the server's."),
  planner: modelId.optional().describe('The model that writes plans. Default: the one of `model`.'),
  plan_first: z
    .boolean()
    .optional()
    .describe('Makes every run begin with a plan that somebody has to approve. Default: false.'),

  gates: z
    .record(GateName, Gate)
    .refine((gates) => Object.keys(gates).length <= 10, 'must not have more than 10 gates')
    .optional()
    .describe(
      'The commands a change must pass, by name, in this order. Default: one gate, `test`, with the command that NOFX finds.',
    ),
  setup: Setup.optional().describe('Run before the gates, e.g. `npm ci`. Default: what NOFX finds.'),
  on_gate_failure: z
    .enum(['block', 'draft'])
    .optional()
    .describe('block: no pull request when a change fails a gate. draft: a draft that says which. Default: block.'),
  max_repairs: z
    .int()
    .min(0)
    .max(10)
    .optional()
    .describe('How often the model may mend what a gate found. Default: 2.'),
  on_ci_failure: z
    .enum(['off', 'repair'])
    .optional()
    .describe("repair: mends what the repository's own checks found. Default: off."),
  on_review: z
    .enum(['run', 'off'])
    .optional()
    .describe('run: a review that requests changes starts a run with all its comments. Default: run.'),

  git_mode: GitMode.optional().describe('How NOFX speaks: hidden (no git words), basic or advanced. Default: basic.'),
  workspace_mode: z
    .enum(['worktree', 'clone'])
    .optional()
    .describe('clone: for tools that cannot work in a linked worktree. Default: worktree.'),
  base: z
    .string()
    .refine(isBranchName, 'must be a branch name')
    .optional()
    .describe('The branch to work from and to open pull requests to. Default: the default branch.'),
  branch: z
    .string()
    .superRefine((text, context) => {
      const problem = branchPatternProblem(text);
      if (problem) context.addIssue(problem);
    })
    .optional()
    .describe('How branches are named, from {issue}, {slug}, {user} and {run}. Default: nofx/{issue}-{slug}-{run}.'),
  commits: z
    .enum(['plain', 'verified'])
    .optional()
    .describe('verified: made through the API and signed by GitHub, where the change allows it. Default: plain.'),

  draft: z.boolean().optional().describe('Opens pull requests as drafts. Default: false.'),
  reviewers: z
    .array(loginOrTeam)
    .max(15)
    .optional()
    .describe('Users (octocat) and teams (acme/reviewers) who are asked to review.'),
  assignees: z.array(login).max(10).optional().describe('Users the pull request is assigned to.'),
  labels: z.array(label).max(SOME).optional().describe('Labels the pull request gets.'),

  protected_paths: z
    .array(z.string().superRefine(pathPattern))
    .max(200)
    .optional()
    .describe(
      'What no change may touch, as in CODEOWNERS: `*.sql`, `/infra/`, `docs/**/api.md`. Default: .github/ and CODEOWNERS. Workflows, this file and .gitmodules are always protected.',
    ),
  max_diff: z
    .strictObject({ files: z.int().positive().optional(), lines: z.int().positive().optional() })
    .optional()
    .describe('The largest change that is handed in: files, and lines added and removed. Default: no limit.'),
  conventions: z
    .array(z.string().superRefine(filePath))
    .max(20)
    .optional()
    .describe('Files that tell the model how to work here. Default: AGENTS.md, CLAUDE.md, CONTRIBUTING.md.'),

  budgets: z
    .strictObject({
      per_run_usd: dollars
        .optional()
        .describe("What a run may cost. Default, and the most there can be: the server's limit."),
      per_day_usd: dollars.optional().describe('What all runs of a day (UTC) may cost together. Default: no limit.'),
    })
    .optional()
    .describe('In US dollars.'),
  approvers: z
    .union([z.enum(['write', 'maintain', 'admin']), z.array(loginOrTeam).min(1).max(SOME)])
    .optional()
    .describe('Who may approve: everybody with that role, or only these users and teams. Default: write.'),
  require_other_approver: z
    .boolean()
    .optional()
    .describe('Whoever asked for a plan may not approve it. Default: false.'),
  approval_timeout_days: z
    .number()
    .positive()
    .max(90)
    .optional()
    .describe('How long a run waits for an approval before it ends. Default: 7.'),
});
export type RepoConfig = z.infer<typeof RepoConfig>;

function filePath(text: string, context: z.RefinementCtx): void {
  if (!/^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\\p{Cc}]{1,300}$/u.test(text)) {
    context.addIssue('must be the path of a file in the repository');
  }
}

/** A repository's configuration over its organization's: key by key, `budgets` and `max_diff` entry by entry. */
export function mergeRepoConfigs(own: RepoConfig, defaults: RepoConfig): RepoConfig {
  return {
    ...defaults,
    ...own,
    ...(own.budgets && { budgets: { ...defaults.budgets, ...own.budgets } }),
    ...(own.max_diff && { max_diff: { ...defaults.max_diff, ...own.max_diff } }),
  };
}

/** The JSON Schema that editors complete and check the file with. */
export function repoConfigJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(RepoConfig, { target: 'draft-07' });
  return { ...schema, title: 'NOFX', description: `${REPO_CONFIG_PATH}: what a repository settles about NOFX.` };
}
