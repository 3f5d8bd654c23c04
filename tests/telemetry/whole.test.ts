import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { ancestry, startCollector, type CollectedSpan, type Collector } from '../support/collector.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness, type Repository } from '../support/harness.ts';
import { parseExposition, type Exposition } from '../support/prometheus.ts';

/** One run, from the comment to the pull request, seen from outside. */
describe(`what one run tells, on ${lane}`, () => {
  let nofx: Harness;
  let collector: Collector;
  let repository: Repository;
  let run: Awaited<ReturnType<Repository['runs']>>[number];
  let text: string;
  let figures: Exposition;
  let spans: CollectedSpan[];

  beforeAll(async () => {
    collector = await startCollector();
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue%20one,authorization=Bearer s3cret-collector-token',
    };
    nofx = await startHarness({ environment });
    repository = await nofx.repository({ model: demoScript, config: null });
    await repository.ask('/nofx add a slugify helper with tests', {
      title: 'Slugs for the blog',
      body: 'Our titles are unlinkable.',
    });
    run = (await repository.runs())[0]!;
    const { db, queue } = nofx.nofx.deps;
    await db.transaction((tx) => queue.enqueue(tx, 'dead', { messageId: 'msg_of_nobody' }));
    await nofx.drain();
    text = await (await fetch(`${nofx.nofx.url}/metrics`)).text();
    figures = parseExposition(text);
    await nofx.stop();
    const { traceId } = collector.spans.find(({ attributes }) => attributes['nofx.run'] === run.id)!;
    spans = collector.spans.filter((span) => span.traceId === traceId);
  });
  afterAll(() => collector.stop());

  const named = (name: string) => spans.filter((span) => span.name === name);
  const above = (name: string) => named(name).map((span) => ancestry(spans, span).slice(0, -1).join(' > '));
  const RUN = 'POST /api/github/webhooks > delivery > run';

  describe('in figures', () => {
    it('is one run, four attempts of steps, one delivery that came to something', () => {
      expect(run.status).toBe('succeeded');
      expect(figures.value('nofx_runs_opened_total')).toBe(1);
      expect(figures.value('nofx_runs_ended_total', { status: 'succeeded' })).toBe(1);
      for (const tool of ['codegen', 'workspace:write', 'gate:test', 'git_pr']) {
        expect(figures.value('nofx_step_attempt_seconds_count', { tool })).toBe(1);
        expect(figures.value('nofx_step_attempt_seconds_count', { tool, outcome: 'succeeded' })).toBe(1);
        expect(figures.value('nofx_step_attempt_seconds_sum', { tool })).toBeGreaterThan(0);
      }
      expect(figures.samples.filter(({ name }) => name === 'nofx_step_retries_total')).toEqual([]);
      expect(figures.samples.filter(({ name }) => name === 'nofx_job_errors_total')).toEqual([]);
      expect(figures.value('nofx_deliveries_total', { outcome: 'run' })).toBe(1);
      const worked = figures.samples
        .filter(({ name }) => name === 'nofx_deliveries_total')
        .reduce((sum, { value }) => sum + value, 0);
      expect(figures.value('nofx_webhooks_total', { result: 'stored' })).toBe(worked);
    });

    it('is what the model said it used, and what that costs', () => {
      const { usage, cost, model } = run;
      for (const [kind, count] of Object.entries(usage!)) {
        expect(figures.value('nofx_model_tokens_total', { model, kind: kind.replace('Tokens', '') })).toBe(count);
      }
      expect(usage!.outputTokens).toBeGreaterThan(0);
      expect(figures.value('nofx_model_cost_dollars_total', { model })).toBeCloseTo(cost!.usd!, 10);
      expect(figures.value('nofx_model_requests_total', { model, status: '200' })).toBe(nofx.model!.requests().length);
      expect(figures.value('nofx_model_request_seconds_count', { model })).toBe(nofx.model!.requests().length);
    });

    it('is the requests GitHub got, by route', () => {
      const sent = figures.samples.filter(({ name }) => name === 'nofx_github_requests_total');
      expect(sent.reduce((sum, { value }) => sum + value, 0)).toBe(
        nofx.github.requests().filter(({ path }) => !path.includes('.git/')).length,
      );
      expect(
        figures.value('nofx_github_requests_total', { route: 'POST /repos/{owner}/{repo}/pulls', status: '201' }),
      ).toBe(1);
      expect(sent.every(({ labels }) => /^(GET|POST|PATCH|DELETE) [/…][\w/{}.-]*$/.test(labels['route']!))).toBe(true);
      const { installationId } = run.source;
      expect(
        figures.value('nofx_github_rate_limit_remaining', { installation: String(installationId) }),
      ).toBeGreaterThan(0);
    });

    it('is commands, queues and the process', () => {
      expect(figures.value('nofx_sandbox_command_seconds_count', { outcome: 'exited' })).toBe(
        named('sandbox command').length,
      );
      expect(figures.value('nofx_dead_letters_total', { kind: 'message' })).toBe(1);
      expect(figures.value('nofx_queue_up')).toBe(1);
      for (const queue of ['delivery', 'step', 'progress', 'dead']) {
        expect(figures.value('nofx_queue_jobs', { queue, state: 'active' })).toBe(0);
        expect(figures.value('nofx_queue_jobs', { queue, state: 'waiting' })).toBe(0);
        expect(figures.value('nofx_queue_oldest_seconds', { queue })).toBe(0);
      }
      expect(figures.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
      expect(figures.value('process_resident_memory_bytes')).toBeGreaterThan(0);
    });

    it('names no run, no repository, no person', () => {
      expect(
        figures.labelValues().filter((value) => /run_[0-9a-f]|step_[0-9a-f]|acme|project-\d|mona|nofx\//.test(value)),
      ).toEqual([]);
    });
  });

  describe('in its trace', () => {
    it('begins with the webhook and leads to the pull request', () => {
      expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual([
        'POST /api/github/webhooks',
      ]);
      expect(spans.filter((span) => ancestry(spans, span).includes('?'))).toEqual([]);
      for (const tool of ['codegen', 'workspace:write', 'gate:test', 'git_pr'])
        expect(above(`step ${tool}`)).toEqual([RUN]);
      expect(above('GitHub POST /repos/{owner}/{repo}/pulls')).toEqual([`${RUN} > step git_pr`]);
      expect(above('git push')).toEqual([`${RUN} > step git_pr`]);
      expect(above('git commit')).toEqual([`${RUN} > step workspace:write`]);
      expect(above('sandbox command')).toContain(`${RUN} > step gate:test`);
      expect(new Set(above('progress'))).toEqual(new Set([RUN]));
    });

    it('has the requests to the model under the step that made them', () => {
      expect(above('model request')).toEqual(nofx.model!.requests().map(() => `${RUN} > step codegen > model task`));
      expect(above('GitHub GET /repos/{owner}/{repo}/collaborators/{username}/permission')).toEqual([
        'POST /api/github/webhooks > delivery',
      ]);
    });

    it('says which attempt of which step it was, and how it ended', () => {
      expect(named('step gate:test')[0]!.attributes).toMatchObject({
        'nofx.run': run.id,
        'nofx.step': expect.stringMatching(/^step_/),
        'nofx.attempt': 1,
        'nofx.tool': 'gate:test',
        'nofx.outcome': 'succeeded',
      });
      expect(spans.filter(({ status }) => status === 2)).toEqual([]);
      expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['nofx']));
    });

    it('is sent with the headers that were asked for', () => {
      expect(collector.headers[0]).toMatchObject({
        'x-team': 'blue one',
        authorization: 'Bearer s3cret-collector-token',
      });
    });
  });

  describe('in the log', () => {
    const lines = () => nofx.log().map((line) => JSON.parse(line) as Record<string, unknown>);

    it('has the ids of the work and of its trace in every line, whoever wrote it', () => {
      const ofRun = lines().filter((line) => line['run'] === run.id && line['step']);
      expect(ofRun.length).toBeGreaterThan(8);
      for (const line of ofRun.filter(({ attempt }) => attempt)) {
        expect(line).toMatchObject({
          attempt: 1,
          tool: expect.any(String),
          trace_id: spans[0]!.traceId,
          span_id: expect.any(String),
        });
      }
      for (const message of [/^the model has ended/, /^gate started/, /^step finished/]) {
        const found = lines().filter(({ msg }) => message.test(String(msg)));
        expect(found.length).toBeGreaterThan(0);
        for (const line of found) expect(line).toMatchObject({ run: run.id, step: expect.any(String), attempt: 1 });
      }
    });

    it('has the delivery and the run in the line that says what came of the event', () => {
      const opened = lines().find(({ msg }) => msg === 'run opened');
      expect(opened).toMatchObject({ delivery: expect.stringMatching(/^[\da-f-]{36}$/), run: run.id });
    });
  });

  it('tells nobody what people wrote, nor anything secret', () => {
    const told = [text, ...collector.bodies].join('\n');
    expect(told).toContain('nofx_runs_ended_total');
    for (const words of [
      'slugify',
      'Slugs',
      'unlinkable',
      'mona',
      repository.name,
      'npm test',
      'canned-key',
      'ghs_',
      's3cret-collector',
    ]) {
      expect(told).not.toContain(words);
    }
    expect(nofx.secrets.redact(told)).toBe(told);
    expect(nofx.log().join('')).not.toContain('s3cret-collector');
  });
});

describe(`two runs on one issue, on ${lane}`, () => {
  let nofx: Harness;
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector();
    nofx = await startHarness({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  });
  afterAll(() => collector.stop());

  it('are two traces, though the end of the first starts the second', async () => {
    const repository = await nofx.repository();
    const { issue } = await repository.comment('/nofx add the notes');
    await repository.comment('/nofx add them again', { issue });
    await repository.drain();
    const runs = await repository.runs();
    await nofx.stop();
    expect(runs).toHaveLength(2);
    const traces = runs.map(({ id }) => {
      const spans = collector.spans.filter(
        ({ name, attributes }) => name.startsWith('step ') && attributes['nofx.run'] === id,
      );
      expect(spans.length).toBeGreaterThan(1);
      for (const span of spans) {
        expect(ancestry(collector.spans, span)).toEqual(['POST /api/github/webhooks', 'delivery', 'run', span.name]);
      }
      return [...new Set(spans.map(({ traceId }) => traceId))];
    });
    expect(new Set(traces.flat()).size).toBe(2);
    expect(traces.map((ids) => ids.length)).toEqual([1, 1]);
  });
});
