import { RunStatus, isTerminal } from '../domain/run.ts';
import type { Metrics } from './metrics.ts';
import type { Attributes, Carrier, Tracing } from './port.ts';
import { currentWork, inWork, noteWork, type Work } from './work.ts';

/** The part of a claimed job that says what it is about. */
type Job = {
  retry: number;
  data: { guid?: string; runId?: string; stepId?: string; messageId?: string };
  /** the attempt, where it was claimed with the end of the one before it */
  held?: { step: { attempt: number; tool: string } };
};

/** The part of a run's event that figures are made of. */
type RunEvent = { runId: string; stepId?: string; type: string; payload?: Record<string, unknown> };

/** How the attempt that a job is about went on, as its events told. */
type Attempt = Work & { claimedAt?: number; outcome?: string };

export type JobObserver = {
  /** A handler whose jobs have their ids in every line of the log, a span each, and their faults counted. */
  observed<J extends Job, R>(queue: string, handle: (job: J) => Promise<R>): (job: J) => Promise<R>;
  /** Hears the events of runs once they are committed. */
  events(events: readonly RunEvent[]): void;
};

/** Events that end an attempt without its step having ended well; `step.finished` says its outcome itself. */
const OUTCOMES: Record<string, string> = {
  'step.failed': 'failed',
  'step.retried': 'retried',
  'step.returned': 'returned',
};

/**
 * Watches jobs from outside: their handlers know nothing of it. What a job turned out to be about — which
 * attempt of which tool, which run was opened — is taken from the events it committed.
 */
export function createJobObserver(deps: {
  metrics: Metrics;
  tracing: Tracing;
  /** The trace a run was asked for in. Its jobs go on from there, whoever has sent them. */
  traceOf: (runId: string) => Promise<Carrier | undefined>;
}): JobObserver {
  const { metrics, tracing } = deps;
  return {
    observed: (queue, handle) => async (job) => {
      const { guid, runId, stepId } = job.data;
      const work: Attempt = {
        ...(guid && { delivery: guid }),
        ...(runId && { run: runId }),
        ...(stepId && { step: stepId }),
        ...(job.held && { attempt: job.held.step.attempt, tool: job.held.step.tool, claimedAt: performance.now() }),
      };
      const parent = tracing.on && runId ? await deps.traceOf(runId).catch(() => undefined) : undefined;
      return inWork(work, () =>
        tracing.span(queue, { kind: 'consumer', parent, attributes: { 'nofx.job.retry': job.retry } }, async (span) => {
          try {
            return await handle(job);
          } catch (error) {
            metrics.jobError(queue);
            throw error;
          } finally {
            const outcome = outcomeOf(work);
            if (work.tool) span.rename(`${queue} ${work.tool}`);
            span.set({ ...attributesOf(work), 'nofx.outcome': outcome });
            if (work.tool && work.claimedAt !== undefined) {
              metrics.attempt(work.tool, outcome!, (performance.now() - work.claimedAt) / 1000);
            }
          }
        }),
      );
    },

    events(events) {
      for (const event of events) {
        count(metrics, event);
        const work = currentWork() as Attempt | undefined;
        if (event.type === 'run.created') noteWork({ run: event.runId });
        if (!work || event.stepId !== work.step) continue;
        Object.assign(work, noted(event));
      }
    },
  };
}

function count(metrics: Metrics, { type }: RunEvent): void {
  if (type === 'run.created') metrics.runOpened();
  const status = RunStatus.safeParse(type.replace(/^run\./, ''));
  if (type.startsWith('run.') && status.success && isTerminal(status.data)) metrics.runEnded(status.data);
}

/** What an event of the job's own step tells of its attempt. */
function noted({ type, payload = {} }: RunEvent): Attempt {
  if (type === 'step.started') {
    return { attempt: Number(payload['attempt']), tool: String(payload['tool']), claimedAt: performance.now() };
  }
  if (type === 'step.finished') return { outcome: String(payload['status']) };
  return type in OUTCOMES ? { outcome: OUTCOMES[type]! } : {};
}

/** An attempt without an end of its own was taken over by another worker, or will be. */
function outcomeOf({ claimedAt, outcome }: Attempt): string | undefined {
  return outcome ?? (claimedAt === undefined ? undefined : 'lost');
}

function attributesOf({ delivery, run, step, attempt, tool }: Work): Attributes {
  return { 'nofx.delivery': delivery, 'nofx.run': run, 'nofx.step': step, 'nofx.attempt': attempt, 'nofx.tool': tool };
}
