import { writerOfInstallation } from '../db/budget.ts';
import type { NewEvent } from '../db/events.ts';
import { upsertProjects } from '../db/projects.ts';
import { findRunByTrigger, insertRun, laneOfIssue, listLane, lockLane, readPriorities, type Run } from '../db/runs.ts';
import { insertSteps } from '../db/steps.ts';
import { wordsOf } from '../domain/mistake.ts';
import { priorityOf } from '../domain/fair-turns.ts';
import { branchName } from '../domain/naming.ts';
import { preparePlan, type Plan } from '../domain/plan.ts';
import type { ProjectFacts } from '../domain/project.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { RunSource } from '../domain/source.ts';
import { knownTools } from '../handlers/registry.ts';
import { publish } from '../outbox/publish.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';
import { newId, newSteps } from './new-steps.ts';

export type RunRequest = {
  project: ProjectFacts;
  plan: Plan;
  source: RunSource;
  config: RunConfig;
  model: string;
  maxCostUsd: number;
  baseRef: string;
  baseSha: string;
  /** where the work goes; a branch of its own unless told */
  branch?: string;
  /** the pull request that is there already */
  pullRequest?: { number: number; url: string };
  /** New runs are held back while the oldest step that could run has waited longer than this; ms. */
  backpressureAgeMs?: number;
  /** The trace context the run was asked for in; kept with its first event. */
  trace?: Record<string, string> | undefined;
  /** What the run's first event says beside the rest: the run it repeats. */
  links?: Record<string, unknown>;
  /** One run per trigger, however often its delivery is worked on. */
  triggerKey: string;
};

export type OpenResult = { ok: true; run: Run; opened: boolean } | { ok: false; errors: string[] };

/**
 * Opens a run: the run, its steps, their events and the first jobs, in one transaction, so that there
 * is either all of it or none. A trigger that opened a run before gets that run.
 */
export async function openRun(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  request: RunRequest,
): Promise<OpenResult> {
  const { db, queue } = deps;
  const prepared = preparePlan(request.plan, knownTools);
  if (!prepared.ok) return { ok: false, errors: wordsOf(prepared.mistakes) };
  const runId = newId('run');
  const steps = newSteps(runId, prepared.steps);
  const lane = laneOf(request.project.id, request.source, runId);
  const pressure = backpressure((await queue.oldestAge('step')) * 1000, request.backpressureAgeMs ?? 5_000);
  return db.transaction(async (tx) => {
    const { project, plan, source, triggerKey } = request;
    await upsertProjects(tx, [project]);
    await lockLane(tx, lane);
    const ahead = await listLane(tx, lane);
    const row = {
      id: runId,
      projectId: project.id,
      status: 'queued' as const,
      goal: prepared.goal,
      plan,
      triggerKey,
      source,
      config: request.config,
      model: request.model,
      maxCostUsd: request.maxCostUsd,
      gitMode: request.config.gitMode,
      baseRef: request.baseRef,
      baseSha: request.baseSha,
      lane,
      priority: priorityOf(await readPriorities(tx, project.id)),
      writer: project.installationId === null ? null : writerOfInstallation(project.installationId),
      branch:
        request.branch ??
        branchName(
          {
            runId,
            issueNumber: source.issue?.number,
            title: source.issue?.title ?? source.prompt,
            user: source.requester.login,
          },
          request.config.branch,
        ),
      pullRequest: request.pullRequest,
    };
    const run = await insertRun(tx, row, { turn: ahead.length === 0 });
    if (run === null) return { ok: true, run: (await findRunByTrigger(tx, triggerKey))!, opened: false };

    await insertSteps(tx, steps);
    const created = {
      goal: run.goal,
      requester: source.requester.login,
      trigger: triggerKey,
      steps: steps.map(({ id, name, tool }) => ({ id, name, tool })),
    };
    const events: NewEvent[] = [
      {
        type: 'run.created',
        payload: { ...created, ...request.links, ...(request.trace && { trace: request.trace }) },
      },
    ];
    if (ahead.length > 0) events.push({ type: 'run.waiting', payload: { ahead: ahead.length } });
    else if (pressure.delayMs > 0) events.push({ type: 'queue.backpressure', payload: pressure });
    await publish(tx, queue, runId, events);
    // Behind others it waits with its steps pending; whoever ends before it starts it.
    if (ahead.length === 0) await moveOn(tx, deps, run, { startAfterSeconds: pressure.delayMs / 1000 });
    await announce(tx, deps, run, 'now');
    return { ok: true, run, opened: true };
  });
}

/** How long to hold a new run back when the queue is behind: half of what it is late by, 15 s at most. */
function backpressure(ageMs: number, thresholdMs: number): { ageMs: number; delayMs: number } {
  const late = Math.max(0, ageMs - thresholdMs);
  return { ageMs: Math.round(ageMs), delayMs: Math.round(Math.min(late / 2, 15_000)) };
}

/** One issue is one line of work: two runs on it would write two answers to the same question. */
function laneOf(projectId: string, { issue }: RunRequest['source'], runId: string): string {
  return issue ? laneOfIssue(projectId, issue.number) : `${projectId}:${runId}`;
}
