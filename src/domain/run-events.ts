import type { RunStatus } from './run.ts';

/** All that is told of a run. */
export const EVENT_TYPES = [
  'run.created',
  'run.waiting',
  'run.cancel_requested',
  'run.started',
  'run.paused',
  'run.resumed',
  'run.succeeded',
  'run.neutral',
  'run.failed',
  'run.cancelled',
  'step.added',
  'step.enqueued',
  'step.started',
  'step.finished',
  'step.failed',
  'step.retried',
  'step.returned',
  'step.skipped',
  'step.waiting',
  'step.approved',
  'step.expired',
  'step.refused',
  'queue.backpressure',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** The events that change a run's status, and what it is from then on. */
export const STATUS_AFTER: Readonly<Record<string, RunStatus>> = {
  'run.created': 'queued',
  'run.started': 'running',
  'run.paused': 'waiting',
  'run.resumed': 'queued',
  'run.succeeded': 'succeeded',
  'run.neutral': 'neutral',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
};
