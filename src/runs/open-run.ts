import { randomBytes } from 'node:crypto';
import { appendEvents, type NewEvent } from '../db/events.ts';
import { upsertProject } from '../db/projects.ts';
import { findRunByTrigger, insertRun, type Run } from '../db/runs.ts';
import { insertSteps, type NewStep } from '../db/steps.ts';
import { branchName } from '../domain/naming.ts';
import { idempotencyKey, preparePlan, type Plan } from '../domain/plan.ts';
import type { Project } from '../domain/project.ts';
import { decideNext } from '../domain/run.ts';
import type { RunConfig, RunSource } from '../domain/source.ts';
import { knownTools } from '../handlers/registry.ts';
import type { Deps } from './deps.ts';

export type RunRequest = {
  project: Project;
  plan: Plan;
  source: RunSource;
  config: RunConfig;
  model: string;
  maxCostUsd: number;
  baseRef: string;
  baseSha: string;
  /** The trace context the run was asked for in; kept with its first event. */
  trace?: Record<string, string> | undefined;
  /** One run per trigger, however often its delivery is worked on. */
  triggerKey: string;
};

export type OpenResult = { ok: true; run: Run; opened: boolean } | { ok: false; errors: string[] };

/**
 * Opens a run: the run, its steps, their events and the first jobs, in one transaction, so that there
 * is either all of it or none. A trigger that opened a run before gets that run.
 */
export async function openRun({ db, queue }: Pick<Deps, 'db' | 'queue'>, request: RunRequest): Promise<OpenResult> {
  const prepared = preparePlan(request.plan, knownTools);
  if (!prepared.ok) return prepared;
  const runId = newId('run');
  const steps: NewStep[] = prepared.steps.map((step, position) => ({
    id: newId('step'),
    runId,
    position,
    name: step.name,
    tool: step.tool,
    inputs: step.inputs,
    dependsOn: step.inputs._dependsOn,
    status: 'pending',
    idempotencyKey: idempotencyKey(runId, step),
  }));
  const ready = new Set(
    decideNext(steps.map((step) => ({ id: step.id, name: step.name, status: 'pending', dependsOn: step.dependsOn }))).enqueue,
  );

  return db.transaction(async (tx) => {
    await upsertProject(tx, request.project);
    const { project, plan, source, triggerKey } = request;
    const run = await insertRun(tx, {
      id: runId,
      projectId: project.id,
      status: 'queued',
      goal: prepared.goal,
      plan,
      triggerKey,
      source,
      config: request.config,
      model: request.model,
      maxCostUsd: request.maxCostUsd,
      gitMode: project.gitMode,
      baseRef: request.baseRef,
      baseSha: request.baseSha,
      lane: laneOf(project.id, source, runId),
      branch: branchName({ runId, issueNumber: source.issue?.number, title: source.issue?.title ?? source.prompt }),
    });
    if (run === null) return { ok: true, run: (await findRunByTrigger(tx, triggerKey))!, opened: false };

    await insertSteps(tx, steps.map((step) => (ready.has(step.id) ? { ...step, status: 'queued' } : step)));
    const enqueued = steps.filter((step) => ready.has(step.id));
    await appendEvents(tx, runId, [
      { type: 'run.created', payload: { goal: run.goal, requester: source.requester.login, trigger: triggerKey, ...(request.trace && { trace: request.trace }) } },
      ...enqueued.map((step): NewEvent => ({ type: 'step.enqueued', stepId: step.id, payload: { name: step.name, tool: step.tool } })),
    ]);
    for (const step of enqueued) await queue.enqueue(tx, 'step', { runId, stepId: step.id });
    await queue.enqueue(tx, 'progress', { runId }, { singletonKey: runId });
    return { ok: true, run, opened: true };
  });
}

/** One issue is one line of work: two runs on it would write two answers to the same question. */
function laneOf(projectId: string, { issue }: RunRequest['source'], runId: string): string {
  return issue ? `${projectId}#${issue.number}` : `${projectId}:${runId}`;
}

function newId(kind: 'run' | 'step'): string {
  return `${kind}_${randomBytes(9).toString('hex')}`;
}
