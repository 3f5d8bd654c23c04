import type { RunStatus } from './run.ts';

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
