import type { RunOptions } from '../domain/command-options.ts';
import { budgetUsedUp } from '../domain/budget.ts';
import { standardPlan } from '../domain/plan.ts';
import { pullRequestTitle } from '../domain/naming.ts';
import type { Project } from '../domain/project.ts';
import { REPO_CONFIG_PATH } from '../domain/repo-config.ts';
import { withOptions, type RunConfig } from '../domain/run-config.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import { findRunByTrigger } from '../db/runs.ts';
import { spentToday } from '../db/spending.ts';
import type { Deps } from './deps.ts';
import { openRun, type RunRequest } from './open-run.ts';
import { readConfig } from './read-config.ts';

export type RunDefaults = {
  model: string;
  maxCostUsd: number;
  /** see RunRequest */
  backpressureAgeMs: number;
};

export type RunDemand = {
  repository: RepositoryRef;
  requester: { login: string; id: number };
  issue: { number: number; title: string; body: string };
  commentId: number | null;
  prompt: string;
  options: RunOptions;
  /** the run it repeats; and the change set of which it takes over, which was made from that base */
  repeats?: { runId: string; reuse?: { stepId: string; baseRef: string; baseSha: string } | null };
  triggerKey: string;
};

/**
 * Opens the run a person asked for on GitHub: looks up the repository as it is now, its configuration
 * and where its base branch stands, and binds the run to all three. UserError says what is in the way.
 */
export async function requestRun(
  deps: Deps,
  defaults: RunDefaults,
  demand: RunDemand,
): Promise<{ id: string; opened: boolean }> {
  const known = await findRunByTrigger(deps.db, demand.triggerKey);
  if (known) return { id: known.id, opened: false };

  const { github } = deps.adapters;
  const repository = await github.repository(demand.repository);
  const ref: RepositoryRef = { ...demand.repository, owner: repository.owner, name: repository.name };
  const config = withOptions(await readConfig(deps, ref, repository.defaultHead), demand.options);
  const reuse = demand.repeats?.reuse ?? null;
  const baseRef = reuse?.baseRef ?? config.base ?? repository.defaultBranch;
  const baseSha = reuse
    ? reuse.baseSha
    : baseRef === repository.defaultBranch
      ? repository.defaultHead
      : await github.branchHead(ref, baseRef);
  if (baseSha === null) {
    throw new UserError(
      `There is no branch \`${baseRef}\` to start from in ${ref.owner}/${ref.name}.`,
      demand.options.base === undefined
        ? `Push a first commit, or correct \`base\` in \`${REPO_CONFIG_PATH}\`.`
        : 'Correct what follows `--base`, and comment the command again.',
    );
  }

  await checkDay(deps, `gh_${ref.repositoryId}`, config);

  const name = `${ref.owner}/${ref.name}`;
  const project: Project = {
    id: `gh_${ref.repositoryId}`,
    name,
    repoUrl: repository.cloneUrl,
    localPath: null,
    workspaceMode: config.workspaceMode,
    gitMode: config.gitMode,
    defaultBranch: repository.defaultBranch,
    installationId: ref.installationId,
    repositoryId: ref.repositoryId,
  };
  const { number, title, body } = demand.issue;
  const opened = await openTraced(deps, {
    project,
    plan: standardPlan({
      goal: pullRequestTitle({ issueTitle: title, prompt: demand.prompt }),
      prompt: demand.prompt,
      gates: config.gates?.map((gate) => gate.name),
      openPr: demand.options.openPr,
      reuse: reuse?.stepId,
    }),
    source: {
      kind: 'issue',
      repository: name,
      installationId: ref.installationId,
      repositoryId: ref.repositoryId,
      requester: demand.requester,
      prompt: demand.prompt,
      issue: { number, title, body, url: `${repository.htmlUrl}/issues/${number}` },
      commentId: demand.commentId,
      options: demand.options,
    },
    links: demand.repeats ? { repeats: demand.repeats.runId } : {},
    config,
    model: config.model ?? defaults.model,
    maxCostUsd: Math.min(defaults.maxCostUsd, config.budgets.perRunUsd ?? Infinity),
    backpressureAgeMs: defaults.backpressureAgeMs,
    baseRef,
    baseSha,
    triggerKey: demand.triggerKey,
  });
  if (!opened.ok)
    throw new UserError(`The plan is not valid: ${opened.errors.join('; ')}.`, 'Correct it and start again.');
  return { id: opened.run.id, opened: opened.opened };
}

/** UserError where the repository has spent what it may in a day: a run would end with its first request. */
async function checkDay({ db }: Deps, projectId: string, { budgets }: RunConfig): Promise<void> {
  const { perRunUsd, perDayUsd: dayUsd } = budgets;
  if (dayUsd === null) return;
  const spent = (await spentToday(db, projectId)).cappedUsd;
  if (spent < dayUsd) return;
  const { message, next } = budgetUsedUp({ usd: 0, of: 'day', limitUsd: dayUsd, spentUsd: spent }, { perRunUsd });
  throw new UserError(message, next);
}

/** Everything a run does goes on from this span, whoever sends its jobs. */
async function openTraced(deps: Deps, request: RunRequest): ReturnType<typeof openRun> {
  return deps.tracing.span('run', {}, async (span) => {
    const opened = await openRun(deps, { ...request, trace: deps.tracing.carrier() });
    if (opened.ok) span.set({ 'nofx.run': opened.run.id });
    return opened;
  });
}
