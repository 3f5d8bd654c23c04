import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import { createAgent } from './agent/agent.ts';
import { createApp } from './app.ts';
import { checkPath } from './domain/paths.ts';
import { createArtifactStore } from './artifacts/store.ts';
import type { Config } from './config.ts';
import { blockWrites, GITHUB_LIMITS, takeWrite, type WriteLimits } from './db/budget.ts';
import { openDb, type Database, type DatabaseOptions, type Executor } from './db/client.ts';
import { finishDelivery } from './db/deliveries.ts';
import { migrate } from './db/migrate.ts';
import { joinWorkers } from './db/presence.ts';
import { createGitHub, openProbot } from './github/index.ts';
import type { GitHub } from './github/port.ts';
import { healthRoutes } from './http/health.ts';
import { serve } from './http/server.ts';
import { webhookRoutes } from './http/webhooks.ts';
import { startQueue } from './queue/boss.ts';
import { watchCancels } from './runs/cancel.ts';
import { closeDead } from './runs/close-dead.ts';
import type { Deps } from './runs/deps.ts';
import { executeStep } from './runs/execute-step.ts';
import { postponing } from './runs/postpone.ts';
import { processDelivery, type Receive } from './runs/process-delivery.ts';
import { updateProgress } from './runs/progress.ts';
import type { SecretKeeper } from './secrets.ts';
import { startUpkeep } from './upkeep/schedule.ts';
import { upkeepTasks } from './upkeep/tasks.ts';
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
  /** How much may be written in a minute and an hour: GitHub's own limits, or none where it needs no manners. */
  writeBudget?: Pick<WriteLimits, 'perMinute' | 'perHour'>;
  /** Between two updates of a run's comment and checks; 2,000 ms unless nobody minds. */
  progressEveryMs?: number;
};

/** How long a stop waits for running steps before it gives them back to the queue. */
const GRACE_MS = 30_000;

export type Parts = { database: Database; deps: Deps; probot: Probot };

/** Puts the parts together: database, queue, GitHub, model, workspaces. Nothing of it works by itself yet. */
export async function openNofx(config: NofxConfig, { log, secrets }: { log: Logger; secrets: SecretKeeper }): Promise<Parts> {
  const database = await openDb(config.database);
  await migrate(database);
  const queue = await startQueue(database, log);
  const probot = openProbot({
    appId: config.github.appId,
    privateKey: config.github.privateKey,
    secret: config.github.webhookSecret,
    baseUrl: config.github.apiUrl,
    // It logs what its handlers throw with the whole payload, as an error; we log it ourselves, and what comes of it.
    log: log.child({ name: 'probot' }, { level: 'fatal' }),
  });
  const deps: Deps = {
    db: database.db,
    queue,
    log,
    adapters: await createAdapters(config, { db: database.db, probot, log, secrets }),
    progressEveryMs: config.progressEveryMs,
  };
  return { database, deps, probot };
}

/** Opens everything and starts it: workers, HTTP, upkeep. */
export async function startNofx(config: NofxConfig, { log, secrets }: { log: Logger; secrets: SecretKeeper }): Promise<Nofx> {
  const { database, deps, probot } = await openNofx(config, { log, secrets });
  const { queue } = deps;
  await probot.load(
    createApp(deps, {
      label: config.label,
      model: config.model,
      maxCostUsd: config.maxCostUsd,
      backpressureAgeMs: config.backpressureAgeMs,
      onOutcome: (guid, outcome) => finishDelivery(database.db, guid, outcome),
    }),
  );
  const workers = config.role === 'web' ? null : await startWorkers(deps, { probot, database, concurrency: config.stepConcurrency });

  const app = new Hono().route('/', healthRoutes({ db: database.db }));
  if (config.role !== 'worker') {
    app.route('/', webhookRoutes({ db: database.db, queue, secret: config.github.webhookSecret }));
  }
  const server = await serve(app, { host: config.host, port: config.port });
  // Only now: what GitHub is asked to deliver again should find somebody at the door.
  const upkeep = startUpkeep(deps, config.role === 'web' ? [] : upkeepTasks(deps, { days: config.retentionDays }));
  return {
    url: `http://${config.host}:${server.port}`,
    database,
    deps,
    async stop() {
      await server.close();
      await upkeep.stop();
      await queue.stop(GRACE_MS);
      await workers?.stop();
      await closeNetworks();
      await database.close();
    },
  };
}

async function createAdapters(
  config: NofxConfig,
  { db, probot, log, secrets }: { db: Executor; probot: Probot; log: Logger; secrets: SecretKeeper },
): Promise<Deps['adapters']> {
  const npm = await readNpmSettings(config.machine);
  const caFile = config.machine.caFile ?? npm.caFile ?? undefined;
  const limits = writeLimits(config);
  const github = createGitHub({
    octokitFor: (id) => probot.auth(id),
    log,
    writeIntervalMs: limits.spacingMs,
    permit: (installationId) => takeWrite(db, installationId, limits),
    blocked: (installationId, forMs) => blockWrites(db, installationId, forMs),
  });
  return {
    agent: config.anthropic ? createAgent({ ...config.anthropic, prices: config.prices, refusePath, log }) : null,
    workspaces: createWorkspaces({
      ...config.machine,
      caFile,
      root: config.workspaceRoot,
      allowHttp: config.github.protocol === 'http',
    }),
    sandbox: await createSandbox({
      ...config.machine,
      caFile,
      npmRegistry: npm.registry ?? undefined,
      mode: config.sandbox,
      log: { warn: (message) => log.warn(message) },
    }),
    npmHosts: npm.registry ? [new URL(npm.registry).hostname] : undefined,
    artifacts: createArtifactStore({ localRoot: config.artifactsDir, supabase: config.supabase ?? undefined, log }),
    github: rememberTokens(github, secrets),
    redact: secrets.redact,
    host: config.github.host,
  };
}

function writeLimits({ writeIntervalMs: spacingMs = GITHUB_LIMITS.spacingMs, writeBudget }: NofxConfig): WriteLimits {
  const none = { perMinute: 1_000_000, perHour: 1_000_000 };
  return { ...(spacingMs === 0 ? none : GITHUB_LIMITS), ...writeBudget, spacingMs };
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
  { probot, database, concurrency }: { probot: Probot; database: Database; concurrency: number },
): Promise<{ stop(): Promise<void> }> {
  const { queue, log } = deps;
  const presence = await joinWorkers(database, async () => {
    const reclaimed = await queue.reclaim();
    if (reclaimed > 0) log.info({ reclaimed }, 'took up what the process before left behind');
  });
  const cancels = watchCancels(deps);
  const receive: Receive = (event) => probot.receive(event as Event);
  await queue.work('delivery', 2, postponing(deps, 'delivery', (job) => processDelivery(deps, receive, job)));
  await queue.work('step', concurrency, (job) => executeStep(deps, cancels, job));
  await queue.work('progress', 2, postponing(deps, 'progress', (job) => updateProgress(deps, job)));
  await queue.work('dead', 1, (job) => closeDead(deps, job));
  return {
    async stop() {
      cancels.stop();
      await presence.leave();
    },
  };
}
