import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { familyOf, priceOf, type Cost, type PriceOverrides, type Usage } from '../domain/pricing.ts';
import type { RunStatus } from '../domain/run.ts';

/** How many jobs of a queue there are in a state, and how long the oldest of those that could run has waited (s). */
export type QueueDepth = { queue: string; waiting: number; deferred: number; active: number; oldestSeconds: number };

export type MetricsOptions = {
  /** Asked on every scrape. */
  queueDepths: () => Promise<QueueDepth[]>;
  /** The model and prices that are configured: those get a label of their own. */
  model: string;
  prices: PriceOverrides;
};

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds, from a query to a long run of tests. */
const LONG = [0.1, 0.5, 1, 2.5, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];
const SHORT = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * The figures of this process, in a registry of its own. A label only ever takes names of ours, statuses, known
 * models and installations: nothing that grows with runs, repositories, or what people write.
 * Names and units: https://prometheus.io/docs/practices/naming/
 */
export function createMetrics({ queueDepths, model: configured, prices }: MetricsOptions) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const askQueues = createQueueGauges(registry, queueDepths);

  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram({ name, help, buckets, labelNames, registers });

  const webhooks = counter(
    'nofx_webhooks_total',
    'Webhooks by what they were answered: stored, repeated, refused.',
    'result',
  );
  const deliveries = counter('nofx_deliveries_total', 'Deliveries worked on, by what came of them.', 'outcome');
  const jobErrors = counter('nofx_job_errors_total', 'Jobs that ended in an error and go back to the queue.', 'queue');
  const dead = counter('nofx_dead_letters_total', 'Jobs given up after their retries.', 'kind');
  const opened = counter('nofx_runs_opened_total', 'Runs opened.');
  const ended = counter('nofx_runs_ended_total', 'Runs ended, by terminal status.', 'status');
  const attempts = histogram(
    'nofx_step_attempt_seconds',
    'Attempts of steps, from claim to end.',
    LONG,
    'tool',
    'outcome',
  );
  const retries = counter('nofx_step_retries_total', 'Attempts that ended in a fault and are made again.', 'tool');
  const github = counter('nofx_github_requests_total', 'Requests to GitHub.', 'route', 'status');
  const githubSeconds = histogram('nofx_github_request_seconds', 'Time of requests to GitHub.', SHORT, 'method');
  const rateLimit = new Gauge({
    name: 'nofx_github_rate_limit_remaining',
    help: 'Requests an installation has left, as GitHub said last.',
    labelNames: ['installation'],
    registers,
  });
  const models = counter('nofx_model_requests_total', 'Requests to the model.', 'model', 'status');
  const modelSeconds = histogram(
    'nofx_model_request_seconds',
    'Time of requests to the model, reply included.',
    LONG,
    'model',
  );
  const tokens = counter('nofx_model_tokens_total', 'Tokens, as the model reports them.', 'model', 'kind');
  const dollars = counter(
    'nofx_model_cost_dollars_total',
    'What the tokens cost; models of unknown price add nothing.',
    'model',
  );
  const commands = histogram('nofx_sandbox_command_seconds', 'Commands of repositories.', LONG, 'outcome');

  const labelOf = (model: string) => (model === configured || priceOf(model, prices) ? familyOf(model) : 'other');

  return {
    /** The figures as Prometheus reads them. */
    async text(): Promise<{ contentType: string; body: string }> {
      await askQueues();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    /** The label of a model: repositories may name any, so what is not known shares one. */
    modelLabel: labelOf,
    webhook: (result: 'stored' | 'repeated' | 'refused') => webhooks.inc({ result }),
    /** `outcome` is the delivery's row's: its first word counts. */
    delivery: (outcome: string) => deliveries.inc({ outcome: /^[a-z]+/.exec(outcome)?.[0] ?? 'other' }),
    jobError: (queue: string) => jobErrors.inc({ queue }),
    deadLetter: (kind: 'step' | 'delivery' | 'message') => dead.inc({ kind }),
    runOpened: () => opened.inc(),
    runEnded: (status: RunStatus) => ended.inc({ status }),
    attempt(tool: string, outcome: string, seconds: number) {
      attempts.observe({ tool, outcome }, seconds);
      if (outcome === 'retried') retries.inc({ tool });
    },
    githubRequest(method: string, route: string, status: string, seconds: number) {
      github.inc({ route, status });
      githubSeconds.observe({ method }, seconds);
    },
    rateLimitRemaining: (installation: string, requests: number) => rateLimit.set({ installation }, requests),
    modelRequest(model: string, status: string, seconds: number) {
      models.inc({ model: labelOf(model), status });
      modelSeconds.observe({ model: labelOf(model) }, seconds);
    },
    spent(model: string, usage: Usage, cost: Cost) {
      const label = labelOf(model);
      for (const [kind, count] of Object.entries(usage))
        tokens.inc({ model: label, kind: kind.replace(/Tokens$/, '') }, count);
      dollars.inc({ model: label }, cost.usd ?? 0);
    },
    sandboxCommand: (outcome: string, seconds: number) => commands.observe({ outcome }, seconds),
  };
}

/** Asks the queues when somebody looks; while the database does not answer these are left out, and the rest is told. */
function createQueueGauges(registry: Registry, queueDepths: MetricsOptions['queueDepths']): () => Promise<void> {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const up = gauge('nofx_queue_up', '1 where the queues could be asked.');
  const jobs = gauge('nofx_queue_jobs', 'Jobs that wait, are put off until later, or are worked on.', 'queue', 'state');
  const oldest = gauge('nofx_queue_oldest_seconds', 'How long the oldest job that could run has waited.', 'queue');

  return async () => {
    const depths = await queueDepths().catch(() => null);
    up.set(depths ? 1 : 0);
    jobs.reset();
    oldest.reset();
    for (const { queue, oldestSeconds, ...counts } of depths ?? []) {
      for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
      oldest.set({ queue }, oldestSeconds);
    }
  };
}
