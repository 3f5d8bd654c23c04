import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import { createAccess } from './api/access.ts';
import { createApi } from './api/api.ts';
import { createGuesses } from './api/guesses.ts';
import { createSessions } from './api/sessions.ts';
import { createStreams } from './api/streams.ts';
import { createApp } from './app.ts';
import { type Database } from './db/client.ts';
import { createEventFeed } from './db/event-feed.ts';
import { finishDelivery } from './db/deliveries.ts';
import { joinWorkers } from './db/presence.ts';
import { WEBHOOK_PATH } from './domain/app-manifest.ts';
import { healthRoutes } from './http/health.ts';
import { metricsRoutes } from './http/metrics.ts';
import { schemaRoutes } from './http/schema.ts';
import { serve } from './http/server.ts';
import { traced } from './http/traced.ts';
import { webhookRoutes } from './http/webhooks.ts';
import { createOutbound } from './outbound/outbound.ts';
import { createDeliverer } from './outbox/deliver.ts';
import type { OutboxDeps } from './outbox/deps.ts';
import type { ClaimedJob } from './queue/jobs.ts';
import { PROGRESS_WORKERS } from './queue/queues.ts';
import { watchCancels } from './runs/cancel.ts';
import { closeDead } from './runs/close-dead.ts';
import type { Deps } from './runs/deps.ts';
import { executeStep, executeSteps, type StepJob } from './runs/execute-step.ts';
import { postponing } from './runs/postpone.ts';
import { takingTurns } from './runs/turns.ts';
import { processDelivery } from './runs/process-delivery.ts';
import { updateProgress } from './runs/progress.ts';
import { createPages } from './pages/pages.ts';
import type { SecretKeeper } from './secrets.ts';
import { type Metrics } from './telemetry/metrics.ts';
import { type JobObserver } from './telemetry/observe-jobs.ts';
import { startUpkeep } from './upkeep/schedule.ts';
import { upkeepTasks } from './upkeep/tasks.ts';
import { closeNetworks } from './workspace/sandbox-network.ts';
import { openNofx, type NofxConfig } from './parts.ts';

export type Nofx = {
  /** where webhooks are taken: `http://host:port` */
  url: string;
  database: Database;
  deps: Deps;
  /** Drains for up to 30 seconds, hands the rest back to the queue, closes everything. */
  stop(): Promise<void>;
};

/** How long a stop waits for running steps before it gives them back to the queue. */
const GRACE_MS = 30_000;

/** Opens everything and starts it: workers, HTTP, upkeep. */
export async function startNofx(
  config: NofxConfig,
  { log, secrets }: { log: Logger; secrets: SecretKeeper },
): Promise<Nofx> {
  const { database, links, deps, probot, jobs, observers } = await openNofx(config, { log, secrets });
  const { queue } = deps;
  const { metrics, tracing } = observers;
  await probot.load(
    createApp(deps, {
      label: config.label,
      welcome: config.welcome,
      model: config.model,
      maxCostUsd: config.maxCostUsd,
      backpressureAgeMs: config.backpressureAgeMs,
      onOutcome: (guid, outcome) => finishDelivery(database.db, guid, outcome),
    }),
  );
  // Messages go out to the internet only; where GitHub is a stand-in on this machine, so are their receivers.
  const outbound = createOutbound({ reach: config.github.protocol === 'http' ? 'loopback' : 'public' });
  const outbox: OutboxDeps = { ...deps, ...secrets, outbound };
  const feed = createEventFeed(database, { log });
  const streams = createStreams({ db: database.db, feed, redact: secrets.redact, log });
  const app = new Hono()
    .route('/', healthRoutes({ db: database.db, folders: [config.artifactsDir, config.workspaceRoot] }))
    .route('/', schemaRoutes())
    .route('/', metricsRoutes({ text: metrics.text, token: config.metrics.token }));
  if (config.role !== 'worker') {
    const { webhookSecret: secret } = config.github;
    app
      .use(WEBHOOK_PATH, traced(tracing, WEBHOOK_PATH))
      .route('/', webhookRoutes({ db: database.db, queue, secret, onResult: metrics.webhook }));
    const door = {
      ...config.api,
      sessions: createSessions({ db: database.db, secrets: [secret, config.api.adminPassword ?? ''] }),
      guesses: createGuesses(),
      links,
    };
    const access = createAccess(deps);
    const api = { ...deps, ...door, supabase: config.supabase, streams, outbox, defaults: config, access };
    // The API last: it answers whatever nobody else has.
    app.route('/', createPages(api)).route('/', createApi(api));
  }
  const server = await serve(app, { host: config.host, port: config.port });
  // Only now: where the address is taken this process ends, and no step should have been begun for that.
  const workers =
    config.role === 'web' ? null : await startWorkers(deps, { probot, database, outbox, config, metrics, jobs });
  // And only now: what GitHub is asked to deliver again should find somebody at the door.
  const upkeep = startUpkeep(
    deps,
    config.role === 'web'
      ? []
      : upkeepTasks(deps, { days: config.retentionDays, embedded: database.link.kind === 'pglite' }),
  );
  return {
    url: `http://${config.host}:${server.port}`,
    database,
    deps,
    async stop() {
      streams.close();
      // From the first moment on nothing new is begun, whatever else takes its time to end.
      await Promise.all([server.close(), feed.close(), upkeep.stop(), queue.drain(GRACE_MS)]);
      await queue.stop(0);
      await workers?.stop();
      await closeNetworks();
      await tracing.stop();
      await database.close();
    },
  };
}

const NOT_SHARED =
  'another process works on this database. Where it is on another machine, neither reads what the other has stored: set NOFX_ARTIFACTS_DIR to a folder that both reach, or SUPABASE_URL';

type Event = Parameters<Probot['receive']>[0];

async function startWorkers(
  deps: Deps,
  options: {
    probot: Probot;
    database: Database;
    outbox: OutboxDeps;
    config: Pick<NofxConfig, 'stepConcurrency' | 'artifactsShared'>;
    metrics: Metrics;
    jobs: JobObserver;
  },
): Promise<{ stop(): Promise<void> }> {
  const { queue, log } = deps;
  const { probot, metrics, config } = options;
  const { observed } = options.jobs;
  const presence = await joinWorkers(options.database, async () => {
    const reclaimed = await queue.reclaim();
    if (reclaimed > 0) log.info({ reclaimed }, 'took up what the process before left behind');
  });
  if (!presence.alone && !config.artifactsShared) log.warn(NOT_SHARED);
  const cancels = watchCancels(deps);
  const deliver = postponing(deps, 'delivery', async (job) => {
    const outcome = await processDelivery(deps, (event) => probot.receive(event as Event), job);
    if (outcome !== null) metrics.delivery(outcome);
  });
  const show = postponing(
    deps,
    'progress',
    takingTurns((job) => updateProgress(deps, job)),
  );
  const bury = async (job: ClaimedJob<'dead'>) => {
    await closeDead(deps, job);
    const { stepId, messageId } = job.data;
    metrics.deadLetter(stepId ? 'step' : messageId ? 'message' : 'delivery');
  };
  await queue.work('delivery', 2, observed('delivery', deliver));
  await queue.work(
    'step',
    config.stepConcurrency,
    executeSteps(observed('step', (job: StepJob) => executeStep(deps, cancels, job))),
  );
  await queue.work('progress', PROGRESS_WORKERS, observed('progress', show));
  await queue.work('outbound', 4, observed('outbound', createDeliverer(options.outbox)));
  await queue.work('dead', 1, observed('dead', bury));
  return {
    async stop() {
      cancels.stop();
      await presence.leave();
    },
  };
}
