import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { startTracing, type RunningTracing } from '../../src/telemetry/tracing.ts';
import { logFields } from '../../src/telemetry/work.ts';
import { ancestry, startCollector, type Collector } from '../support/collector.ts';

describe('without a collector', () => {
  it('loads nothing of the SDK, with NOFX whole', { timeout: 60_000 }, async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      const { startTracing } = await import('./src/telemetry/tracing.ts');
      await import('./src/nofx.ts');
      const tracing = await startTracing(null);
      const result = await tracing.span('x', {}, async () => tracing.carrier() ?? 'none');
      console.log(JSON.stringify({ result, loaded: loaded.filter((url) => url.includes('@opentelemetry')) }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../..', import.meta.url),
    });
    const { result, loaded } = JSON.parse(stdout) as { result: string; loaded: string[] };
    expect(result).toBe('none');
    // pg-boss brings the API, which does nothing by itself.
    expect(loaded.filter((url) => !url.includes('/@opentelemetry/api/'))).toEqual([]);
    expect(loaded.length).toBeGreaterThan(0);
  });
});

describe('with a collector', () => {
  let collector: Collector;
  let tracing: RunningTracing;
  const warnings: string[] = [];
  const start = async (status = 200) => {
    warnings.length = 0;
    collector = await startCollector({ status });
    tracing = await startTracing({
      endpoint: collector.url,
      headers: {},
      serviceName: 'test',
      log: { warn: (_fields, message) => void warnings.push(message) },
    });
  };
  afterEach(async () => {
    await tracing.stop();
    await collector.stop();
  });

  it('puts a span under the one around it, and one with a parent of its own under that', async () => {
    await start();
    const carrier = await tracing.span('first', { kind: 'server' }, async () => tracing.carrier());
    await tracing.span('other', {}, async () => {
      await tracing.span('inside', {}, async (span) => span.rename('inside, renamed'));
      await tracing.span('goes on', { parent: carrier }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await tracing.span('deeper', {}, async () => {});
      });
    });
    await tracing.stop();
    expect(new Set(collector.spans.map((span) => ancestry(collector.spans, span).join(' > ')))).toEqual(
      new Set(['first', 'first > goes on', 'first > goes on > deeper', 'other', 'other > inside, renamed']),
    );
  });

  it('tells of an error its class alone, and passes it on', async () => {
    await start();
    const failing = tracing.span('fails', {}, async () => {
      throw new TypeError('with the words of a person');
    });
    await expect(failing).rejects.toThrow('with the words of a person');
    await tracing.stop();
    expect(collector.spans).toMatchObject([{ name: 'fails', status: 2, attributes: { 'error.type': 'TypeError' } }]);
    expect(collector.bodies.join()).not.toContain('words of a person');
  });

  it('gives lines of the log their trace, inside a span only', async () => {
    await start();
    const inside = await tracing.span('x', {}, async () => logFields());
    await tracing.stop();
    expect(inside).toEqual({ trace_id: collector.spans[0]!.traceId, span_id: collector.spans[0]!.spanId });
    expect(logFields()).toEqual({});
  });

  it('does the work, says once that traces cannot be sent, and stops, where the collector refuses them', async () => {
    await start(400);
    expect(await tracing.span('x', {}, async () => 'done')).toBe('done');
    await tracing.stop();
    expect(warnings).toEqual(['traces cannot be sent; work goes on without them']);
  });
});
