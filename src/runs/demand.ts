import type { RunOptions } from '../domain/command-options.ts';
import type { LineComment } from '../domain/event.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { RunSource } from '../domain/source.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import { findRunByTrigger } from '../db/runs.ts';
import { accessOf } from '../handlers/access.ts';
import type { Deps } from './deps.ts';
import type { Ground } from './ground.ts';
import { openRun, type RunRequest } from './open-run.ts';

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

/** The run that this demand opened before, if it did. */
export async function findOpened({ db }: Pick<Deps, 'db'>, { triggerKey }: RunDemand): Promise<Opened | null> {
  const known = await findRunByTrigger(db, triggerKey);
  return known && { id: known.id, opened: false };
}

/** Where a run starts: as the code that it takes over did, or at the newest commit of its base. UserError where that has none. */
export async function chooseBase(
  deps: Pick<Deps, 'adapters'>,
  { project, ref, defaultBranch, defaultHead, config }: Ground,
  { reuse, next }: { reuse: Reuse | null | undefined; next: string },
): Promise<{ baseRef: string; baseSha: string }> {
  if (reuse) return { baseRef: reuse.baseRef, baseSha: reuse.baseSha };
  const baseRef = config.base ?? defaultBranch;
  if (baseRef === defaultBranch) return { baseRef, baseSha: defaultHead };
  if (ref === null) {
    const access = accessOf({ ...deps, project, signal: AbortSignal.timeout(120_000) });
    return { baseRef, baseSha: await deps.adapters.workspaces.resolve(access, baseRef) };
  }
  const baseSha = await deps.adapters.github.branchHead(ref, baseRef);
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
type AnyDemand = Omit<RunDemand, 'issue' | 'repository'> & { issue: RunDemand['issue'] | null };

/** Opens the run, bound to its base. UserError where its plan is not valid. */
export async function openDemanded(
  deps: Deps,
  defaults: RunDefaults,
  demand: AnyDemand,
  { project, ref, defaultBranch, config }: Ground,
  { source: { issueUrl, ...source }, ...bound }: Bound,
): Promise<Opened> {
  const { id, name, repoUrl, localPath, workspaceMode, gitMode, installationId, repositoryId } = project;
  const opened = await openTraced(deps, {
    project: { id, name, repoUrl, localPath, workspaceMode, gitMode, defaultBranch, installationId, repositoryId },
    ...bound,
    source: {
      ...source,
      repository: ref === null ? name : `${ref.owner}/${ref.name}`,
      installationId,
      repositoryId,
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

/** Everything a run does goes on from this span, whoever sends its jobs. */
async function openTraced(deps: Deps, request: RunRequest): ReturnType<typeof openRun> {
  return deps.tracing.span('run', {}, async (span) => {
    const opened = await openRun(deps, { ...request, trace: deps.tracing.carrier() });
    if (opened.ok) span.set({ 'nofx.run': opened.run.id });
    return opened;
  });
}
