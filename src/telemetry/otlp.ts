import { context, type TextMapPropagator, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { TracingOptions } from './tracing.ts';

/** A collector that is gone must not hold up the end of the process. */
const LAST_EXPORT_MS = 3_000;
const EXPORT_MS = 10_000;

/** The OpenTelemetry SDK, set up. Loaded only where traces are wanted: see `startTracing`. */
export function startExport({ endpoint, headers, serviceName, log }: TracingOptions): {
  tracer: Tracer;
  propagator: TextMapPropagator;
  stop(): Promise<void>;
} {
  // pg-boss looks for the active context where the API keeps it, which is one place for the whole process. A second
  // NOFX in the process finds it there, and it stays when one of them stops.
  const contexts = new AsyncLocalStorageContextManager().enable();
  if (!context.setGlobalContextManager(contexts)) contexts.disable();

  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = telling(new OTLPTraceExporter({ url, headers, timeoutMillis: EXPORT_MS }), url, log);
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName })),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_MS })],
  });
  return {
    tracer: provider.getTracer('nofx'),
    // Ids only: baggage could carry anything.
    propagator: new W3CTraceContextPropagator(),
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_EXPORT_MS)));
      // What cannot be sent has been told by then.
      await Promise.race([provider.shutdown().catch(() => {}), timeUp]);
      clearTimeout(timer);
    },
  };
}

/** Says when a collector stops taking spans, once, and not for every batch. */
function telling(exporter: SpanExporter, url: string, log: TracingOptions['log']): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code === ExportResultCode.FAILED;
        if (failed && !failing)
          log.warn({ err: result.error, url }, 'traces cannot be sent; work goes on without them');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
