import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '../../src/domain/pricing.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createJobObserver } from '../../src/telemetry/observe-jobs.ts';
import { currentWork } from '../../src/telemetry/work.ts';
import { startTracing } from '../../src/telemetry/tracing.ts';
import { parseExposition } from '../support/prometheus.ts';

const DEPTH = { queue: 'step', waiting: 2, deferred: 1, active: 3, oldestSeconds: 4.5 };

function metricsWith(queueDepths: () => Promise<(typeof DEPTH)[]> = async () => [DEPTH]) {
  const metrics = createMetrics({ queueDepths, model: 'house-model', prices: {} });
  return { ...metrics, read: async () => parseExposition((await metrics.text()).body) };
}

describe('figures', () => {
  it('can be read by Prometheus, and say so', async () => {
    const { contentType } = await metricsWith().text();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await metricsWith().read()).samples.length).toBeGreaterThan(30);
  });

  it('are of their own registry: two in one process do not know each other', async () => {
    const [one, two] = [metricsWith(), metricsWith()];
    one.runOpened();
    expect((await one.read()).value('nofx_runs_opened_total')).toBe(1);
    expect((await two.read()).value('nofx_runs_opened_total')).toBe(0);
  });

  it('give a model that is neither configured nor priced no label of its own', async () => {
    const metrics = metricsWith();
    for (const model of [
      'house-model',
      'claude-sonnet-5-5',
      'claude-sonnet-5-5-20260928',
      'made-up-1',
      'made-up-2',
      'constructor',
    ]) {
      metrics.spent(model, { ...NO_USAGE, inputTokens: 10 }, { usd: null, cappedUsd: 1 });
    }
    const figures = await metrics.read();
    const tokens = (model: string) => figures.value('nofx_model_tokens_total', { model, kind: 'input' });
    expect([tokens('house-model'), tokens('claude-sonnet-5-5'), tokens('other')]).toEqual([10, 20, 30]);
    expect(figures.value('nofx_model_cost_dollars_total', { model: 'other' })).toBe(0);
  });

  it('count of a delivery the first word of what came of it', async () => {
    const metrics = metricsWith();
    for (const outcome of ['ignored: not a command', 'ignored: label bug', 'refused: rita has read', 'run run_1', '?'])
      metrics.delivery(outcome);
    const found = (await metrics.read()).samples.filter(({ name }) => name === 'nofx_deliveries_total');
    expect(found.map(({ labels, value }) => [labels['outcome'], value])).toEqual([
      ['ignored', 2],
      ['refused', 1],
      ['run', 1],
      ['other', 1],
    ]);
  });

  it('are told without the queues while the database does not answer', async () => {
    let down = false;
    const metrics = metricsWith(async () => {
      if (down) throw new Error('no');
      return [DEPTH];
    });
    const up = await metrics.read();
    expect(up.value('nofx_queue_jobs', { queue: 'step', state: 'deferred' })).toBe(1);
    expect(up.value('nofx_queue_oldest_seconds', { queue: 'step' })).toBe(4.5);
    down = true;
    const figures = await metrics.read();
    expect(figures.value('nofx_queue_up')).toBe(0);
    expect(figures.samples.filter(({ name }) => /^nofx_queue_(jobs|oldest)/.test(name))).toEqual([]);
  });
});

describe('jobs that are watched', () => {
  const started = { runId: 'run_1', stepId: 'step_1', type: 'step.started', payload: { tool: 'codegen', attempt: 2 } };
  const ended = (type: string, payload = {}) => ({ runId: 'run_1', stepId: 'step_1', type, payload });
  const job = { retry: 0, data: { runId: 'run_1', stepId: 'step_1' } };

  async function watch() {
    const metrics = metricsWith();
    const observer = createJobObserver({ metrics, tracing: await startTracing(null), traceOf: async () => undefined });
    return { ...observer, read: metrics.read };
  }

  it.each([
    ['succeeded', ended('step.finished', { status: 'succeeded' })],
    ['cancelled', ended('step.finished', { status: 'cancelled' })],
    ['failed', ended('step.failed')],
    ['retried', ended('step.retried')],
    ['returned', ended('step.returned')],
    ['lost', null],
  ])('end as %s', async (outcome, event) => {
    const { observed, events, read } = await watch();
    await observed('step', async () => {
      events([started]);
      if (event) events([event, { runId: 'run_1', stepId: 'step_2', type: 'step.enqueued', payload: {} }]);
    })(job);
    const figures = await read();
    expect(figures.value('nofx_step_attempt_seconds_count', { tool: 'codegen', outcome })).toBe(1);
    expect(figures.value('nofx_step_attempt_seconds_count')).toBe(1);
    expect(figures.value('nofx_step_retries_total') ?? 0).toBe(outcome === 'retried' ? 1 : 0);
  });

  it('count no attempt when they had nothing to claim', async () => {
    const { observed, read } = await watch();
    await observed('step', async () => {})(job);
    expect((await read()).samples.filter(({ name }) => name.startsWith('nofx_step_attempt'))).toEqual([]);
  });

  it('count the end of each run once, whoever brings it about, and no other event of a run', async () => {
    const { events, read } = await watch();
    const about = (type: string) => ({ runId: 'run_1', type });
    events(['run.created', 'run.waiting', 'run.started', 'run.cancel_requested', 'run.cancelled'].map(about));
    events(['run.created', 'run.failed'].map(about));
    const figures = await read();
    expect(figures.value('nofx_runs_opened_total')).toBe(2);
    expect(
      figures.samples
        .filter(({ name }) => name === 'nofx_runs_ended_total')
        .map(({ labels, value }) => [labels['status'], value]),
    ).toEqual([
      ['cancelled', 1],
      ['failed', 1],
    ]);
  });

  it('pass an error on, and count it', async () => {
    const { observed, read } = await watch();
    const failing = observed('delivery', async () => {
      throw new Error('later');
    });
    await expect(failing({ retry: 1, data: { guid: 'g' } })).rejects.toThrow('later');
    expect((await read()).value('nofx_job_errors_total', { queue: 'delivery' })).toBe(1);
  });

  it('know what they work on, each its own', async () => {
    const { observed, events } = await watch();
    const seen: unknown[] = [];
    const handle = observed('step', async () => {
      events([started]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push({ ...currentWork() });
    });
    const deliver = observed('delivery', async () => {
      events([{ runId: 'run_2', type: 'run.created' }]);
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push({ ...currentWork() });
    });
    await Promise.all([handle(job), deliver({ retry: 0, data: { guid: 'g' } })]);
    expect(seen).toMatchObject([
      { run: 'run_1', step: 'step_1', attempt: 2, tool: 'codegen' },
      { delivery: 'g', run: 'run_2' },
    ]);
    expect(seen[1]).not.toHaveProperty('step');
    expect(currentWork()).toBeUndefined();
  });
});
