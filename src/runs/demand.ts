import { budgetUsedUp } from '../domain/budget.ts';
import type { RunOptions } from '../domain/command-options.ts';
import type { LineComment } from '../domain/event.ts';
import { projectIdOf, type Project } from '../domain/project.ts';
import { withOptions, type RunConfig } from '../domain/run-config.ts';
import type { RunSource } from '../domain/source.ts';
import { UserError } from '../errors.ts';
import type { GitHub, RepositoryRef } from '../github/port.ts';
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

/** The change set that a run takes over from an earlier one, and the base that it was made from. */
export type Reuse = { stepId: string; baseRef: string; baseSha: string };

/** A run as a person asked for it on GitHub. */
export type RunDemand = {
  repository: RepositoryRef;
  requester: { login: string; id: number };
  /** the issue or pull request it is about */
  issue: { number: number; title: string; body: string };
  commentId: number | null;
  prompt: string;
  /** see RunSource */
  remarks?: LineComment[] | undefined;
  threadId?: number | undefined;
  options: RunOptions;
  /** the run it repeats; and the change set of which it takes over, which was made from that base */
  repeats?: { runId: string; reuse?: Reuse | null };
  /** makes a plan first, and waits for a yes to it; as the repository says unless told */
  planFirst?: boolean;
  triggerKey: string;
};

export type Opened = { id: string; opened: boolean };

/** A repository as it is when a run is asked for, and what holds in it. */
export type Ground = {
  ref: RepositoryRef;
  repository: Awaited<ReturnType<GitHub['repository']>>;
  config: RunConfig;
};

/** The run that this demand opened before, if it did. */
export async function findOpened({ db }: Pick<Deps, 'db'>, { triggerKey }: RunDemand): Promise<Opened | null> {
  const known = await findRunByTrigger(db, triggerKey);
  return known && { id: known.id, opened: false };
}

/** Looks the repository up, and its configuration. UserError where it has mistakes, or nothing may be spent today. */
export async function standOn(
  deps: Deps,
  demand: Partial<AnyDemand> & Pick<AnyDemand, 'repository' | 'options'>,
): Promise<Ground> {
  const repository = await deps.adapters.github.repository(demand.repository);
  const ref: RepositoryRef = { ...demand.repository, owner: repository.owner, name: repository.name };
  const config = withOptions(await readConfig(deps, ref, repository.defaultHead), demand.options);
  await checkDay(deps, projectIdOf(ref), config);
  return { ref, repository, config };
}

/** Where a run starts: as the code that it takes over did, or at the newest commit of its base. UserError where that has none. */
export async function chooseBase(
  { adapters }: Pick<Deps, 'adapters'>,
  { ref, repository, config }: Ground,
  { reuse, next }: { reuse: Reuse | null | undefined; next: string },
): Promise<{ baseRef: string; baseSha: string }> {
  if (reuse) return { baseRef: reuse.baseRef, baseSha: reuse.baseSha };
  const baseRef = config.base ?? repository.defaultBranch;
  const isDefault = baseRef === repository.defaultBranch;
  const baseSha = isDefault ? repository.defaultHead : await adapters.github.branchHead(ref, baseRef);
  if (baseSha !== null) return { baseRef, baseSha };
  throw new UserError(`There is no branch \`${baseRef}\` to start from in ${ref.owner}/${ref.name}.`, next);
}

/** What a run may cost: the server's limit, or the repository's where that is lower. */
export function costLimit(defaults: RunDefaults, { budgets }: RunConfig): number {
  return Math.min(defaults.maxCostUsd, budgets.perRunUsd ?? Infinity);
}

type Bound = Pick<RunRequest, 'plan' | 'baseRef' | 'baseSha' | 'branch' | 'pullRequest'> & {
  source: Pick<RunSource, 'kind' | 'pullRequest'> & { issueUrl: string };
};

/** What was not asked on an issue has none. */
type AnyDemand = Omit<RunDemand, 'issue'> & { issue: RunDemand['issue'] | null };

/** Opens the run, bound to its base. UserError where its plan is not valid. */
export async function openDemanded(
  deps: Deps,
  defaults: RunDefaults,
  demand: AnyDemand,
  { ref, repository, config }: Ground,
  { source: { issueUrl, ...source }, ...bound }: Bound,
): Promise<Opened> {
  const name = `${ref.owner}/${ref.name}`;
  const project: Project = {
    id: projectIdOf(ref),
    name,
    repoUrl: repository.cloneUrl,
    localPath: null,
    workspaceMode: config.workspaceMode,
    gitMode: config.gitMode,
    defaultBranch: repository.defaultBranch,
    installationId: ref.installationId,
    repositoryId: ref.repositoryId,
  };
  const opened = await openTraced(deps, {
    project,
    ...bound,
    source: {
      ...source,
      repository: name,
      installationId: ref.installationId,
      repositoryId: ref.repositoryId,
      requester: demand.requester,
      prompt: demand.prompt,
      issue: demand.issue && { ...issueOf(demand.issue), url: issueUrl },
      commentId: demand.commentId,
      remarks: demand.remarks,
      threadId: demand.threadId,
      options: demand.options,
    },
    links: demand.repeats ? { repeats: demand.repeats.runId } : {},
    config,
    model: config.model ?? defaults.model,
    maxCostUsd: costLimit(defaults, config),
    backpressureAgeMs: defaults.backpressureAgeMs,
    triggerKey: demand.triggerKey,
  });
  if (!opened.ok)
    throw new UserError(`The plan is not valid: ${opened.errors.join('; ')}.`, 'Correct it and start again.');
  return { id: opened.run.id, opened: opened.opened };
}

function issueOf({ number, title, body }: RunDemand['issue']): RunDemand['issue'] {
  return { number, title, body };
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
