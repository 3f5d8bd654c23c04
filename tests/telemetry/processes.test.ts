import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { ancestry, startCollector, type Collector } from '../support/collector.ts';
import { buildTown, type Server, type Town } from '../support/process.ts';

/** They need a Postgres to share. */
describe('processes that share a database', () => {
  let town: Town;
  let collector: Collector;
  let traced: Record<string, string>;
  let worker: Server;
  beforeAll(async () => {
    collector = await startCollector();
    traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    town = await buildTown({ script: demoScript });
  });
  afterAll(async () => {
    await town.stop();
    await collector.stop();
  });

  it('say so at the start where nobody has said that they share artifacts, which those of several machines must', async () => {
    const warned = ({ lines }: Server) =>
      lines.some(({ level, msg }) => level === 40 && String(msg).includes('set NOFX_ARTIFACTS_DIR to a folder'));
    const first = await town.start({ NOFX_ARTIFACTS_DIR: '' });
    const second = await town.start({ NOFX_ARTIFACTS_DIR: '' });
    worker = await town.start({ ...traced, NOFX_ROLE: 'worker', OTEL_SERVICE_NAME: 'nofx-worker' });
    expect([first, second, worker].map(warned)).toEqual([false, true, false]);
    expect(await Promise.all([first.kill('SIGTERM'), second.kill('SIGTERM')])).toEqual([0, 0]);
  });

  it('go on in the worker with the trace that began in the web process', { timeout: 120_000 }, async () => {
    const web = await town.start({ ...traced, NOFX_ROLE: 'web', OTEL_SERVICE_NAME: 'nofx-web' });
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
