import { z } from 'zod';
import type { RunOptions } from './command-options.ts';
import { BRANCH_PATTERN } from './naming.ts';
import { PROTECTED_PATHS } from './paths.ts';
import { GitMode, WorkspaceMode } from './project.ts';
import type { RepoConfig } from './repo-config.ts';

const timeoutMinutes = z.number().positive();

/** One command a change must pass. */
export const GateConfig = z.object({
  name: z.string(),
  command: z.string(),
  timeoutMinutes,
  /** whether the set-up is run before it */
  setup: z.boolean(),
});
export type GateConfig = z.infer<typeof GateConfig>;

export const SetupConfig = z.object({
  /** null: what is found */
  command: z.string().nullable(),
  timeoutMinutes,
  /** packages may run their install scripts */
  allowScripts: z.boolean(),
  /** hosts it may reach beside those that are found to be needed */
  domains: z.array(z.string()),
});
export type SetupConfig = z.infer<typeof SetupConfig>;

export const SETUP_MINUTES = 10;
export const GATE_MINUTES = 20;
/** How long a run waits for a person's yes. */
export const APPROVAL_DAYS = 7;

const dollars = z.number().positive().nullable().default(null);
const count = z.number().int().positive().nullable().default(null);

/**
 * What holds for a run, bound to it as it stood at its base: the repository's configuration over its organization's,
 * and the defaults of what neither says. Null: the server's own setting, or none.
 */
export const RunConfig = z.object({
  label: z.string().nullable().default(null),
  model: z.string().nullable().default(null),
  /** the model that writes plans; null: `model` */
  planner: z.string().nullable().default(null),
  planFirst: z.boolean().default(false),
  /** in this order; null: one gate `test`, with the command that is found */
  gates: z.array(GateConfig).nullable().default(null),
  setup: SetupConfig.prefault({ command: null, timeoutMinutes: SETUP_MINUTES, allowScripts: false, domains: [] }),
  onGateFailure: z.enum(['block', 'draft']).default('block'),
  maxRepairs: z.number().int().nonnegative().default(2),
  onCiFailure: z.enum(['off', 'repair']).default('off'),
  onReview: z.enum(['run', 'off']).default('run'),
  gitMode: GitMode.default('basic'),
  workspaceMode: WorkspaceMode.default('worktree'),
  /** null: the default branch */
  base: z.string().nullable().default(null),
  branch: z.string().default(BRANCH_PATTERN),
  commits: z.enum(['plain', 'verified']).default('plain'),
  draft: z.boolean().default(false),
  /** logins, and teams as `org/team` */
  reviewers: z.array(z.string()).default([]),
  assignees: z.array(z.string()).default([]),
  labels: z.array(z.string()).default([]),
  /** beside what is always protected */
  protectedPaths: z.array(z.string()).default([...PROTECTED_PATHS]),
  maxDiff: z.object({ files: count, lines: count }).prefault({}),
  conventions: z.array(z.string()).default(['AGENTS.md', 'CLAUDE.md', 'CONTRIBUTING.md']),
  budgets: z.object({ perRunUsd: dollars, perDayUsd: dollars }).prefault({}),
  /** everybody with that role, or only these logins and teams */
  approvers: z.union([z.enum(['write', 'maintain', 'admin']), z.array(z.string())]).default('write'),
  requireOtherApprover: z.boolean().default(false),
  approvalTimeoutDays: z.number().positive().default(APPROVAL_DAYS),
});
export type RunConfig = z.infer<typeof RunConfig>;

/** Fills in the defaults of what a configuration leaves open. */
export function runConfigOf(file: RepoConfig): RunConfig {
  const { max_diff: maxDiff, budgets } = file;
  return RunConfig.parse({
    label: file.label,
    model: file.model,
    planner: file.planner,
    planFirst: file.plan_first,
    gates: file.gates && gatesOf(file.gates),
    setup: file.setup && setupOf(file.setup),
    onGateFailure: file.on_gate_failure,
    maxRepairs: file.max_repairs,
    onCiFailure: file.on_ci_failure,
    onReview: file.on_review,
    gitMode: file.git_mode,
    workspaceMode: file.workspace_mode,
    base: file.base,
    branch: file.branch,
    commits: file.commits,
    draft: file.draft,
    reviewers: file.reviewers,
    assignees: file.assignees,
    labels: file.labels,
    protectedPaths: file.protected_paths,
    maxDiff: maxDiff && { files: maxDiff.files, lines: maxDiff.lines },
    conventions: file.conventions,
    budgets: budgets && { perRunUsd: budgets.per_run_usd, perDayUsd: budgets.per_day_usd },
    approvers: file.approvers,
    requireOtherApprover: file.require_other_approver,
    approvalTimeoutDays: file.approval_timeout_days,
  });
}

/** What holds for a run whose request settles some of it. A limit is only ever lowered. */
export function withOptions(config: RunConfig, { model, base, draft, budgetUsd, gitMode }: RunOptions): RunConfig {
  const { perRunUsd } = config.budgets;
  return {
    ...config,
    model: model ?? config.model,
    base: base ?? config.base,
    draft: draft ?? config.draft,
    gitMode: gitMode ?? config.gitMode,
    budgets: {
      ...config.budgets,
      perRunUsd: budgetUsd === undefined ? perRunUsd : Math.min(budgetUsd, perRunUsd ?? Infinity),
    },
  };
}

function gatesOf(gates: NonNullable<RepoConfig['gates']>): GateConfig[] | null {
  const named = Object.entries(gates).map(([name, gate]): GateConfig => {
    const { command, timeout_minutes: timeout, setup } = typeof gate === 'string' ? { command: gate } : gate;
    return { name, command, timeoutMinutes: timeout ?? GATE_MINUTES, setup: setup ?? true };
  });
  return named.length > 0 ? named : null;
}

function setupOf(setup: NonNullable<RepoConfig['setup']>): SetupConfig {
  if (typeof setup === 'string')
    return { command: setup, timeoutMinutes: SETUP_MINUTES, allowScripts: false, domains: [] };
  return {
    command: setup.command ?? null,
    timeoutMinutes: setup.timeout_minutes ?? SETUP_MINUTES,
    allowScripts: setup.allow_scripts ?? false,
    domains: setup.domains ?? [],
  };
}
