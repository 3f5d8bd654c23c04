import { z } from '@hono/zod-openapi';
import type { Artifact as ArtifactRow } from '../db/artifacts.ts';
import type { EventRow } from '../db/events.ts';
import type { ListedRun } from '../db/run-list.ts';
import type { Run as RunRow } from '../db/runs.ts';
import type { Step as StepRow } from '../db/steps.ts';
import { Plan } from '../domain/plan.ts';
import { Cost, Usage } from '../domain/pricing.ts';
import { Failure, RunStatus, StepStatus } from '../domain/run.ts';

/** What the API says of our rows: SPEC.md section 7, in its spelling. */

const moment = z.iso.datetime();

const summary = {
  id: z.string().openapi({ example: 'run_0123456789abcdef01' }),
  status: RunStatus,
  goal: z.string(),
  project_id: z.string(),
  repository: z.string(),
  requester: z.object({ login: z.string(), id: z.number().int() }).nullable(),
  issue: z.object({ number: z.number().int(), title: z.string(), url: z.string() }).nullable(),
  branch: z.string(),
  pull_request: z.object({ number: z.number().int(), url: z.string() }).nullable(),
  failure: Failure.nullable(),
  cost: Cost.nullable(),
  created_at: moment,
  started_at: moment.nullable(),
  ended_at: moment.nullable(),
};

export const RunSummary = z.object(summary).openapi('RunSummary');
type RunSummary = z.infer<typeof RunSummary>;

const Step = z
  .object({
    id: z.string(),
    name: z.string(),
    tool: z.string(),
    status: StepStatus,
    depends_on: z.array(z.string()),
    attempt: z.number().int(),
    outputs: z.record(z.string(), z.unknown()).nullable(),
    failure: Failure.nullable(),
    usage: Usage.nullable(),
    cost: Cost.nullable(),
    started_at: moment.nullable(),
    ended_at: moment.nullable(),
    wait_until: moment.nullable(),
  })
  .openapi('Step');

const Artifact = z
  .object({
    step_id: z.string(),
    name: z.string(),
    url: z.string(),
    sha256: z.string(),
    size: z.number().int().openapi({ description: 'bytes' }),
    content_type: z.string(),
  })
  .openapi('Artifact');

export const RunDetails = z
  .object({
    ...summary,
    prompt: z.string(),
    plan: Plan,
    model: z.string(),
    max_cost_usd: z.number(),
    base_ref: z.string(),
    base_sha: z.string(),
    usage: Usage.nullable(),
    cancel_requested_by: z.string().nullable(),
    steps: z.array(Step),
    artifacts: z.array(Artifact),
  })
  .openapi('Run');
type RunDetails = z.infer<typeof RunDetails>;

export const RunEvent = z
  .object({
    id: z.string(),
    seq: z.number().int().openapi({ description: 'Counts from 1 within a run, without gaps.' }),
    run_id: z.string(),
    step_id: z.string().optional(),
    type: z.string(),
    payload: z.record(z.string(), z.unknown()),
    created_at: moment,
  })
  .openapi('Event');
type RunEvent = z.infer<typeof RunEvent>;

const at = (date: Date) => date.toISOString();
const maybeAt = (date: Date | null) => date && at(date);

export function runSummary(run: ListedRun): RunSummary {
  const { requester, repository, issue } = run.source;
  return {
    id: run.id,
    status: run.status,
    goal: run.goal,
    project_id: run.projectId,
    repository: repository ?? '',
    requester: requester ?? null,
    issue: issue ? { number: issue.number, title: issue.title, url: issue.url } : null,
    branch: run.branch,
    pull_request: run.pullRequest,
    failure: run.failure,
    cost: run.cost,
    created_at: at(run.createdAt),
    started_at: maybeAt(run.startedAt),
    ended_at: maybeAt(run.endedAt),
  };
}

export function runDetails(run: RunRow, steps: readonly StepRow[], artifacts: readonly ArtifactRow[]): RunDetails {
  return {
    ...runSummary(run),
    prompt: run.source.prompt,
    plan: run.plan,
    model: run.model,
    max_cost_usd: run.maxCostUsd,
    base_ref: run.baseRef,
    base_sha: run.baseSha,
    usage: run.usage,
    cancel_requested_by: run.cancelRequestedBy,
    steps: steps.map((step) => ({
      id: step.id,
      name: step.name,
      tool: step.tool,
      status: step.status,
      depends_on: step.dependsOn,
      attempt: step.attempt,
      outputs: step.outputs,
      failure: step.failure,
      usage: step.usage,
      cost: step.cost,
      started_at: maybeAt(step.startedAt),
      ended_at: maybeAt(step.endedAt),
      wait_until: maybeAt(step.waitUntil),
    })),
    artifacts: artifacts.map(({ stepId, name, sha256, size, contentType }) => ({
      step_id: stepId,
      name,
      url: artifactUrl(run.id, stepId, name),
      sha256,
      size,
      content_type: contentType,
    })),
  };
}

export function artifactUrl(runId: string, stepId: string, name: string): string {
  return `/artifacts/runs/${runId}/steps/${stepId}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

export function runEvent({ id, seq, runId, stepId, type, payload, createdAt }: EventRow): RunEvent {
  // The trace is ours, and leads nobody else anywhere.
  const { trace: _trace, ...shown } = payload;
  return {
    id: String(id),
    seq,
    run_id: runId,
    ...(stepId !== null && { step_id: stepId }),
    type,
    payload: shown,
    created_at: at(createdAt),
  };
}
