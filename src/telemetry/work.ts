import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

/** What this process is at work on, as far as it knows: by these ids lines of the log, spans and metrics are told apart. */
export type Work = {
  delivery?: string;
  run?: string;
  step?: string;
  attempt?: number;
  tool?: string;
};

const current = new AsyncLocalStorage<Work>();

/** Does something under these ids, whatever room it leads through. */
export function inWork<T>(work: Work, run: () => Promise<T>): Promise<T> {
  return current.run(work, run);
}

/** Adds what has been found out since the work began. Does nothing outside of `inWork`. */
export function noteWork(found: Work): void {
  const work = current.getStore();
  if (work) Object.assign(work, found);
}

export function currentWork(): Readonly<Work> | undefined {
  return current.getStore();
}

/** The ids for a line of the log: those of the work, and those of the trace where there is one. */
export function logFields(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  return { ...current.getStore(), ...(span && { trace_id: span.traceId, span_id: span.spanId }) };
}
