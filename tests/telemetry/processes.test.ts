import { afterEach, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { ancestry, startCollector, type Collector } from '../support/collector.ts';
import { lane } from '../support/database.ts';
import { buildTown, type Town } from '../support/process.ts';

/** Several processes need a Postgres to share. */
describe.skipIf(lane === 'pglite')('a trace through several processes', () => {
  let town: Town;
  let collector: Collector;
  afterEach(async () => {
    await town.stop();
    await collector.stop();
  });

  it('goes from the web process on in the worker', { timeout: 120_000 }, async () => {
    collector = await startCollector();
    town = await buildTown({ script: demoScript });
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const web = await town.start({ ...traced, NOFX_ROLE: 'web', OTEL_SERVICE_NAME: 'nofx-web' });
    const worker = await town.start({ ...traced, NOFX_ROLE: 'worker', OTEL_SERVICE_NAME: 'nofx-worker' });
    await town.comment('/nofx add a slugify helper');
    const [run] = await town.ended();
    expect(run!.status).toBe('succeeded');
    // What is left is sent when a process stops.
    expect(await Promise.all([web.kill('SIGTERM'), worker.kill('SIGTERM')])).toEqual([0, 0]);

    const pull = collector.spans.find(({ name }) => name === 'GitHub POST /repos/{owner}/{repo}/pulls')!;
    const spans = collector.spans.filter(({ traceId }) => traceId === pull.traceId);
    expect(ancestry(spans, pull)).toEqual(['POST /api/github/webhooks', 'delivery', 'run', 'step git_pr', pull.name]);
    const by = (service: string) => new Set(spans.filter((span) => span.service === service).map(({ name }) => name));
    expect(by('nofx-web')).toEqual(new Set(['POST /api/github/webhooks']));
    expect(by('nofx-worker')).toContain('delivery');
    expect(worker.lines.find(({ msg }) => msg === 'step finished')).toMatchObject({ trace_id: pull.traceId });
  });
});

describe.skipIf(lane === 'pglite')('processes that share a database', () => {
  it('say so at the start where nobody has said that they share artifacts, which those of several machines must', async () => {
    const town = await buildTown({ script: demoScript });
    const warned = async (environment: Record<string, string>) => {
      const { lines } = await town.start(environment);
      return lines.some(({ level, msg }) => level === 40 && String(msg).includes('set NOFX_ARTIFACTS_DIR to a folder'));
    };
    try {
      expect(await warned({ NOFX_ARTIFACTS_DIR: '' })).toBe(false);
      expect(await warned({ NOFX_ARTIFACTS_DIR: '' })).toBe(true);
      expect(await warned({})).toBe(false);
    } finally {
      await town.stop();
    }
  });
});
