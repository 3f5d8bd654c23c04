import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type TextMapPropagator,
  type Tracer,
} from '@opentelemetry/api';
import type { OpenSpan, SpanOptions, Tracing } from './port.ts';

export type TracingOptions = {
  /** Where a collector takes OTLP over HTTP, without `/v1/traces`. */
  endpoint: string;
  headers: Record<string, string>;
  serviceName: string;
  log: { warn(fields: object, message: string): void };
};

export type RunningTracing = Tracing & {
  /** How a context is written into a job and read from it; null where tracing is off. */
  propagator: TextMapPropagator | null;
  /** Sends what is left, for three seconds at most. */
  stop(): Promise<void>;
};

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER };
const NO_SPAN: OpenSpan = { set() {}, rename() {} };

const off: RunningTracing = {
  on: false,
  propagator: null,
  span: (_name, _options, work) => work(NO_SPAN),
  carrier: () => undefined,
  async stop() {},
};

/** Traces for a collector; without options none, and then nothing of the SDK is loaded. */
export async function startTracing(options: TracingOptions | null): Promise<RunningTracing> {
  if (options === null) return off;
  const { startExport } = await import('./otlp.ts');
  const { tracer, propagator, stop } = startExport(options);
  return {
    on: true,
    propagator,
    span: (name, spanOptions, work) => inSpan(tracer, propagator, name, spanOptions, work),
    carrier() {
      const carrier: Record<string, string> = {};
      propagator.inject(context.active(), carrier, { set: (into, key, value) => void (into[key] = value) });
      return Object.keys(carrier).length > 0 ? carrier : undefined;
    },
    stop,
  };
}

async function inSpan<T>(
  tracer: Tracer,
  propagator: TextMapPropagator,
  name: string,
  { kind, attributes, parent }: SpanOptions,
  work: (span: OpenSpan) => Promise<T>,
): Promise<T> {
  const around = parent
    ? propagator.extract(context.active(), parent, { get: (from, key) => from[key], keys: Object.keys })
    : context.active();
  const span = tracer.startSpan(name, { kind: kind && KINDS[kind], attributes }, around);
  try {
    return await context.with(trace.setSpan(around, span), () => work(handleOf(span)));
  } catch (error) {
    // Never the message: it may tell of what people wrote.
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function handleOf(span: Span): OpenSpan {
  return { set: (attributes) => void span.setAttributes(attributes), rename: (name) => void span.updateName(name) };
}
