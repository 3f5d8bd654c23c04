import { stringify } from 'yaml';
import { fence, joinBlocks } from './markdown.ts';
import type { GitMode } from './project.ts';
import { REPO_CONFIG_PATH, type RepoConfig } from './repo-config.ts';
import { BODY_LIMIT } from './report-comment.ts';
import type { RunConfig } from './run-config.ts';

/** Where a configuration comes from: the files that are there, the repository's own first. */
export type ConfigSources = { own: boolean; organization: string | null };

/** A configuration as `.github/nofx.yml` would say it, with every default that has a word for it. */
export function writtenConfig(config: RunConfig): RepoConfig {
  const { maxDiff, budgets, setup } = config;
  const written: RepoConfig = {
    label: config.label ?? undefined,
    model: config.model ?? undefined,
    planner: config.planner ?? undefined,
    plan_first: config.planFirst,
    gates:
      config.gates === null
        ? undefined
        : Object.fromEntries(
            config.gates.map(({ name, command, timeoutMinutes, setup: withSetup }) => [
              name,
              { command, timeout_minutes: timeoutMinutes, setup: withSetup },
            ]),
          ),
    setup: {
      command: setup.command ?? undefined,
      timeout_minutes: setup.timeoutMinutes,
      allow_scripts: setup.allowScripts,
      domains: setup.domains,
    },
    on_gate_failure: config.onGateFailure,
    max_repairs: config.maxRepairs,
    on_ci_failure: config.onCiFailure,
    on_review: config.onReview,
    git_mode: config.gitMode,
    workspace_mode: config.workspaceMode === 'clone' ? 'clone' : 'worktree',
    base: config.base ?? undefined,
    branch: config.branch,
    commits: config.commits,
    draft: config.draft,
    reviewers: config.reviewers,
    assignees: config.assignees,
    labels: config.labels,
    protected_paths: config.protectedPaths,
    max_diff: { files: maxDiff.files ?? undefined, lines: maxDiff.lines ?? undefined },
    conventions: config.conventions,
    budgets: { per_run_usd: budgets.perRunUsd ?? undefined, per_day_usd: budgets.perDayUsd ?? undefined },
    approvers: config.approvers,
    require_other_approver: config.requireOtherApprover,
    approval_timeout_days: config.approvalTimeoutDays,
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as RepoConfig;
}

/** The answer to `/nofx config`. */
export function renderConfig(options: { config: RunConfig; sources: ConfigSources; gitMode: GitMode }): string {
  const { config, sources } = options;
  const files = [
    sources.own && `\`${REPO_CONFIG_PATH}\``,
    sources.organization !== null && `\`${REPO_CONFIG_PATH}\` of ${sources.organization}`,
  ].filter(Boolean);
  const from =
    files.length === 0
      ? `There is no \`${REPO_CONFIG_PATH}\`, so these are the defaults.`
      : `From ${files.join(', over ')}; the rest are defaults.`;
  const open = [
    config.gates === null && 'which commands are the gates: the ones NOFX finds',
    config.model === null && "the model: this server's",
  ].filter(Boolean);
  return joinBlocks(
    [
      `**What holds ${options.gitMode === 'hidden' ? 'for this project' : 'in this repository'}.** ${from}`,
      fence(stringify(writtenConfig(config), { lineWidth: 0 }), 40_000, 'yaml'),
      open.length > 0 ? `Left open: ${open.join('; ')}.` : null,
    ],
    BODY_LIMIT,
  );
}
