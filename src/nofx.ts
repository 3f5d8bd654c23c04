import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import { createAgent } from './agent/agent.ts';
import { createApp } from './app.ts';
import { checkPath } from './domain/paths.ts';
import { createArtifactStore } from './artifacts/store.ts';
import type { Config } from './config.ts';
import { openDb, type Database, type DatabaseOptions } from './db/client.ts';
import { tellCommitted } from './db/committed.ts';
import { finishDelivery } from './db/deliveries.ts';
import { findRunTrace } from './db/events.ts';
import { migrate } from './db/migrate.ts';
import { joinWorkers } from './db/presence.ts';
import { createGitHub, openProbot } from './github/index.ts';
import type { GitHub } from './github/port.ts';
import { healthRoutes } from './http/health.ts';
import { metricsRoutes } from './http/metrics.ts';
import { serve } from './http/server.ts';
import { traced } from './http/traced.ts';
import { webhookRoutes } from './http/webhooks.ts';
import { createOutbound } from './outbound/outbound.ts';
import { createDeliverer } from './outbox/deliver.ts';
import type { OutboxDeps } from './outbox/deps.ts';
import { startQueue, type ClaimedJob } from './queue/boss.ts';
import { queueDepths } from './queue/depth.ts';
import { watchCancels } from './runs/cancel.ts';
import { closeDead } from './runs/close-dead.ts';
import type { Deps } from './runs/deps.ts';
import { executeStep } from './runs/execute-step.ts';
import { processDelivery } from './runs/process-delivery.ts';
import { updateProgress } from './runs/progress.ts';
import type { SecretKeeper } from './secrets.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { observeOctokit } from './telemetry/observe-github.ts';
import { createJobObserver, type JobObserver } from './telemetry/observe-jobs.ts';
import { observeAgent, observeModelRequests } from './telemetry/observe-model.ts';
import { observeSandbox, observeWorkspaces } from './telemetry/observe-workspace.ts';
import type { Tracing } from './telemetry/port.ts';
import { startTracing } from './telemetry/tracing.ts';
import { createWorkspaces } from './workspace/manager.ts';
import { readNpmSettings } from './workspace/process-npm.ts';
import { createSandbox } from './workspace/sandbox.ts';
import { closeNetworks } from './workspace/sandbox-network.ts';

export type Nofx = {
  /** where webhooks are taken: `http://host:port` */
  url: string;
  database: Database;
  deps: Deps;
  /** Drains for up to 30 seconds, hands the rest back to the queue, closes everything. */
  stop(): Promise<void>;
};

export type NofxConfig = Omit<Config, 'github' | 'database'> & {
  github: NonNullable<Config['github']>;
  database: DatabaseOptions;
  /** Between two writes to GitHub; 1,000 ms unless a stand-in needs no manners. */
  writeIntervalMs?: number;
  /** Between two updates of a run's comment and checks; 2,000 ms unless nobody minds. */
  progressEveryMs?: number;
};

/** How long a stop waits for running steps before it gives them back to the queue. */
const GRACE_MS = 30_000;

/** Puts the parts together and starts them: database, queue, GitHub, model, workers, HTTP. */
export async function startNofx(config: NofxConfig, { log, secrets }: { log: Logger; secrets: SecretKeeper }): Promise<Nofx> {
  const database = await openDb(config.database);
  await migrate(database);
  const tracing = await startTracing(config.tracing && { ...config.tracing, log });
  const queue = await startQueue(database, log, tracing.propagator);
  const metrics = createMetrics({ queueDepths: () => queueDepths(database.db), model: config.model, prices: config.prices });
  const jobs = createJobObserver({ metrics, tracing, traceOf: (runId) => findRunTrace(database.db, runId) });
  tellCommitted(database.db, jobs.events);
  const probot = openProbot({
    appId: config.github.appId,
    privateKey: config.github.privateKey,
    secret: config.github.webhookSecret,
    baseUrl: config.github.apiUrl,
    log: log.child({ name: 'probot' }),
  });
  const adapters = await createAdapters(config, { probot, log, secrets, observers: { metrics, tracing } });
  const deps: Deps = { db: database.db, queue, log, tracing, adapters, progressEveryMs: config.progressEveryMs };

  await probot.load(
    createApp(deps, {
      label: config.label,
      model: config.model,
      maxCostUsd: config.maxCostUsd,
      backpressureAgeMs: config.backpressureAgeMs,
      onOutcome: (guid, outcome) => finishDelivery(database.db, guid, outcome),
    }),
  );
  // Messages go out to the internet only; where GitHub is a stand-in on this machine, so are their receivers.
  const outbound = createOutbound({ reach: config.github.protocol === 'http' ? 'loopback' : 'public' });
  const outbox: OutboxDeps = { ...deps, ...secrets, outbound };
  const workers =
    config.role === 'web'
      ? null
      : await startWorkers(deps, { probot, database, outbox, concurrency: config.stepConcurrency, metrics, jobs });

  const app = new Hono()
    .route('/', healthRoutes({ db: database.db }))
    .route('/', metricsRoutes({ text: metrics.text, token: config.metrics.token }));
  if (config.role !== 'worker') {
    const { webhookSecret: secret } = config.github;
    app
      .use('/api/github/webhooks', traced(tracing, '/api/github/webhooks'))
      .route('/', webhookRoutes({ db: database.db, queue, secret, onResult: metrics.webhook }));
  }
  const server = await serve(app, { host: config.host, port: config.port });
  return {
    url: `http://${config.host}:${server.port}`,
    database,
    deps,
    async stop() {
      await server.close();
      await queue.stop(GRACE_MS);
      await workers?.stop();
      await closeNetworks();
      await tracing.stop();
      await database.close();
    },
  };
}

type Observers = { metrics: Metrics; tracing: Tracing };

async function createAdapters(
  config: NofxConfig,
  { probot, log, secrets, observers }: { probot: Probot; log: Logger; secrets: SecretKeeper; observers: Observers },
): Promise<Deps['adapters']> {
  const npm = await readNpmSettings(config.machine);
  const caFile = config.machine.caFile ?? npm.caFile ?? undefined;
  const octokitFor = observeOctokit((id) => probot.auth(id), observers);
  const github = createGitHub({ octokitFor, log, writeIntervalMs: config.writeIntervalMs });
  const aroundRequest = observeModelRequests(observers);
  const workspaces = createWorkspaces({
    ...config.machine,
    caFile,
    root: config.workspaceRoot,
    allowHttp: config.github.protocol === 'http',
  });
  const sandbox = await createSandbox({
    ...config.machine,
    caFile,
    npmRegistry: npm.registry ?? undefined,
    mode: config.sandbox,
    log: { warn: (message) => log.warn(message) },
  });
  return {
    agent: config.anthropic
      ? observeAgent(createAgent({ ...config.anthropic, prices: config.prices, refusePath, aroundRequest, log }), observers)
      : null,
    workspaces: observeWorkspaces(workspaces, observers),
    sandbox: observeSandbox(sandbox, observers),
    npmHosts: npm.registry ? [new URL(npm.registry).hostname] : undefined,
    artifacts: createArtifactStore({ localRoot: config.artifactsDir, supabase: config.supabase ?? undefined, log }),
    github: rememberTokens(github, secrets),
    redact: secrets.redact,
    host: config.github.host,
  };
}

/** The model hears at once what it may not write, not after the money is spent. */
function refusePath(path: string): string | null {
  const checked = checkPath(path);
  return checked.ok ? null : checked.reason;
}

/** A token that is handed out is a secret from then on, whatever it looks like. */
function rememberTokens(github: GitHub, secrets: SecretKeeper): GitHub {
  return {
    ...github,
    async gitToken(repository) {
      const token = await github.gitToken(repository);
      secrets.remember(token);
      return token;
    },
  };
}

type Event = Parameters<Probot['receive']>[0];

async function startWorkers(
  deps: Deps,
  options: {
    probot: Probot;
    database: Database;
    outbox: OutboxDeps;
    concurrency: number;
    metrics: Metrics;
    jobs: JobObserver;
  },
): Promise<{ stop(): Promise<void> }> {
  const { queue, log } = deps;
  const { probot, metrics } = options;
  const { observed } = options.jobs;
  const presence = await joinWorkers(options.database, async () => {
    const reclaimed = await queue.reclaim();
    if (reclaimed > 0) log.info({ reclaimed }, 'took up what the process before left behind');
  });
  const cancels = watchCancels(deps);
  const deliver = async (job: ClaimedJob<'delivery'>) => {
    const outcome = await processDelivery(deps, (event) => probot.receive(event as Event), job);
    if (outcome !== null) metrics.delivery(outcome);
  };
  const bury = async (job: ClaimedJob<'dead'>) => {
    await closeDead(deps, job);
    metrics.deadLetter(job.data.stepId ? 'step' : 'delivery');
  };
  await queue.work('delivery', 2, observed('delivery', deliver));
  await queue.work('step', options.concurrency, observed('step', (job) => executeStep(deps, cancels, job)));
  await queue.work('progress', 2, observed('progress', (job) => updateProgress(deps, job)));
  await queue.work('outbound', 4, observed('outbound', createDeliverer(options.outbox)));
  await queue.work('dead', 1, observed('dead', bury));
  return {
    async stop() {
      cancels.stop();
      await presence.leave();
    },
  };
}
