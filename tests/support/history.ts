import type { EventRow } from '../../src/db/events.ts';
import type { Run } from '../../src/db/runs.ts';
import type { Step } from '../../src/db/steps.ts';
import { STATUS_AFTER } from '../../src/domain/run-events.ts';
import { isTerminal, type RunStatus, type StepStatus } from '../../src/domain/run.ts';

type StepState = { name: string; status: StepStatus; attempt: number };
type State = { status: RunStatus | null; cancelRequested: boolean; steps: Record<string, StepState> };
type Told = Pick<EventRow, 'seq' | 'type' | 'stepId' | 'payload'>;

const STEP_AFTER: Record<string, StepStatus> = {
  'step.enqueued': 'queued',
  'step.started': 'running',
  'step.retried': 'queued',
  'step.returned': 'queued',
  'step.failed': 'failed',
  'step.skipped': 'skipped',
  'step.waiting': 'waiting',
  'step.approved': 'succeeded',
  'step.expired': 'cancelled',
  'step.refused': 'cancelled',
};

const ENDED: readonly StepStatus[] = ['succeeded', 'neutral', 'stopped', 'failed', 'cancelled', 'skipped'];

/** What a run is, told from its events alone, and every event that could not have happened. */
export function rebuildRun(events: readonly Told[]): State & { problems: string[] } {
  const state: State = { status: null, cancelRequested: false, steps: {} };
  const problems: string[] = [];
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1) problems.push(`event ${index + 1} is numbered ${event.seq}`);
    if (state.status !== null && isTerminal(state.status)) problems.push(`${event.type} after ${state.status}`);
    apply(state, event, problems);
  }
  return { ...state, problems };
}

function apply(state: State, { type, stepId, payload }: Told, problems: string[]): void {
  if (type === 'run.created') {
    const planned = payload['steps'] as { id: string; name: string }[];
    for (const { id, name } of planned) state.steps[id] = { name, status: 'pending', attempt: 0 };
  }
  if (type === 'step.added') {
    if (stepId === null || state.steps[stepId]) problems.push(`step.added of ${stepId}, which is in the plan`);
    else state.steps[stepId] = { name: payload['name'] as string, status: 'pending', attempt: 0 };
  }
  if (type === 'run.cancel_requested') state.cancelRequested = true;
  state.status = STATUS_AFTER[type] ?? state.status;

  const after = type === 'step.finished' ? (payload['status'] as StepStatus) : STEP_AFTER[type];
  if (after === undefined) return;
  const step = state.steps[stepId ?? ''];
  if (!step) return void problems.push(`${type} of a step that is not in the plan`);
  if (ENDED.includes(step.status)) problems.push(`${type} of ${step.name}, which had ${step.status}`);
  if (type === 'step.finished' && step.status !== 'running')
    problems.push(`${step.name} finished while ${step.status}`);
  if (['step.approved', 'step.expired', 'step.refused'].includes(type) && step.status !== 'waiting')
    problems.push(`${type} of ${step.name}, which was ${step.status}`);
  if (type === 'step.waiting' && step.status !== 'pending') problems.push(`${step.name} waits after ${step.status}`);
  step.status = after;
  step.attempt = (payload['attempt'] as number | undefined) ?? step.attempt;
}

/** Where a run's rows and its events tell different stories; empty when they tell the same one. */
export function compareHistory(run: Run, steps: readonly Step[], events: readonly EventRow[]): string[] {
  const told = rebuildRun(events);
  const problems = told.problems.map((problem) => `${run.id}: ${problem}`);
  const differ = (what: string, row: unknown, event: unknown) => {
    if (row !== event) problems.push(`${run.id}: ${what} is ${String(row)} in its row, ${String(event)} by its events`);
  };
  differ('the run', run.status, told.status);
  differ('its newest event', run.lastSeq, events.length);
  differ('that it is to stop', run.cancelRequestedAt !== null, told.cancelRequested);
  differ('the number of steps', steps.length, Object.keys(told.steps).length);
  for (const { id, name, status, attempt } of steps) {
    differ(name, status, told.steps[id]?.status);
    differ(`the attempt of ${name}`, attempt, told.steps[id]?.attempt);
  }
  return problems;
}
