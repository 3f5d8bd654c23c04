import type { Logger } from 'pino';
import type { Probot } from 'probot';
import { createAgent } from './agent/agent.ts';
import { createArtifactStore } from './artifacts/store.ts';
import type { Config } from './config.ts';
import {
  blockWrites,
  GITHUB_LIMITS,
  takeWrite,
  writerOfInstallation,
  writerOfToken,
  type WriteLimits,
} from './db/budget.ts';
import { openDb, type Database, type DatabaseOptions, type Executor } from './db/client.ts';
import { tellCommitted } from './db/committed.ts';
import { findRunTrace } from './db/events.ts';
import { migrate } from './db/migrate.ts';
import { firstWithSameToken, type TokenOf } from './domain/personal-token.ts';
import { registryHosts } from './domain/registries.ts';
import { createRunLinks, type RunLinks } from './domain/run-link.ts';
import { UserError } from './errors.ts';
import { createGitHub, openProbot, personalOctokit } from './github/index.ts';
import type { Entrance, GitHub } from './github/port.ts';
import { createRoutes } from './outbound/route.ts';
import { assertLease } from './queue/lease.ts';
import { startQueue } from './queue/boss.ts';
import { queueDepths } from './queue/depth.ts';
import type { Deps } from './runs/deps.ts';
import type { SecretKeeper } from './secrets.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { observeOctokit } from './telemetry/observe-github.ts';
import { createJobObserver, type JobObserver } from './telemetry/observe-jobs.ts';
import { observeAgent, observeModelRequests } from './telemetry/observe-model.ts';
import { observeSandbox, observeWorkspaces } from './telemetry/observe-workspace.ts';
import { startTracing } from './telemetry/tracing.ts';
import { createWorkspaces } from './workspace/manager.ts';
import { readNpmSettings } from './workspace/process-npm.ts';
import { createSandbox } from './workspace/sandbox.ts';

export type NofxConfig = Omit<Config, 'github' | 'database'> & {
  github: NonNullable<Config['github']>;
  database: DatabaseOptions;
  /** Between two writes to GitHub; 1,000 ms unless a stand-in needs no manners. */
  writeIntervalMs?: number;
  /** How much may be written in a minute and an hour: GitHub's own limits, or none where it needs no manners. */
  writeBudget?: Pick<WriteLimits, 'perMinute' | 'perHour'>;
  /** Between two updates of a run's comment and checks; 2,000 ms unless nobody minds. */
  progressEveryMs?: number;
  /** Between two looks into a step that runs; 20,000 ms unless nobody minds. */
  liveEveryMs?: number;
};

export type Parts = {
  database: Database;
  links: RunLinks;
  deps: Deps;
  probot: Probot;
  jobs: JobObserver;
  observers: Observers;
};

/** Puts the parts together: database, queue, GitHub, model, workspaces. Nothing of it works by itself yet. */
export async function openNofx(
  config: NofxConfig,
  { log, secrets }: { log: Logger; secrets: SecretKeeper },
): Promise<Parts> {
  const database = await openDb(config.database);
  await migrate(database);
  const tracing = await startTracing(config.tracing && { ...config.tracing, log });
  const queue = await startQueue(database, log, tracing.propagator);
  const metrics = createMetrics({
    queueDepths: () => queueDepths(database.db),
    model: config.model,
    prices: config.prices,
  });
  const jobs = createJobObserver({ metrics, tracing, traceOf: (runId) => findRunTrace(database.db, runId) });
  tellCommitted(database.db, jobs.events);
  const probot = openProbot({
    appId: config.github.appId,
    privateKey: config.github.privateKey,
    secret: config.github.webhookSecret,
    baseUrl: config.github.apiUrl,
    // It logs what its handlers throw with the whole payload, as an error; we log it ourselves, and what comes of it.
    log: log.child({ name: 'probot' }, { level: 'fatal' }),
    beforeWrite: assertLease,
  });
  const observers = { metrics, tracing };
  const adapters = await createAdapters(config, { db: database.db, probot, log, secrets, observers });
  const links = createRunLinks({ secret: config.github.webhookSecret, publicUrl: config.api.publicUrl });
  const { progressEveryMs, liveEveryMs } = config;
  const deps: Deps = {
    db: database.db,
    queue,
    log,
    tracing,
    adapters,
    runLink: links.urlOf,
    progressEveryMs,
    liveEveryMs,
  };
  return { database, links, deps, probot, jobs, observers };
}

type Observers = { metrics: Metrics; tracing: Awaited<ReturnType<typeof startTracing>> };

async function createAdapters(
  config: NofxConfig,
  {
    db,
    probot,
    log,
    secrets,
    observers,
  }: { db: Executor; probot: Probot; log: Logger; secrets: SecretKeeper; observers: Observers },
): Promise<Deps['adapters']> {
  const npm = await readNpmSettings(config.machine);
  const caFile = config.machine.caFile ?? npm.caFile ?? undefined;
  const registries = { ...config.machine.registries, npm: config.machine.registries.npm || npm.registry || undefined };
  const octokitFor = observeOctokit((id?: number) => probot.auth(id), observers);
  const tokenOf = readToken(config.tokens);
  const limits = writeLimits(config);
  const writerOf = ({ installationId, tokenEnv }: Entrance) =>
    tokenEnv === undefined
      ? writerOfInstallation(installationId)
      : writerOfToken(firstWithSameToken(config.tokens, tokenEnv), config.github.host);
  const github = createGitHub({
    octokitFor,
    log,
    writeIntervalMs: limits.spacingMs,
    octokitBy: observeOctokit(personalClients(config, tokenOf), observers),
    permit: (entrance) => takeWrite(db, writerOf(entrance), limits),
    blocked: (entrance, forMs) => blockWrites(db, writerOf(entrance), forMs),
  });
  const aroundRequest = observeModelRequests(observers);
  const workspaces = createWorkspaces({
    ...config.machine,
    caFile,
    root: config.workspaceRoot,
    gitAtOnce: config.gitConcurrency,
    allowHttp: config.github.protocol === 'http',
    findRoute: createRoutes({ vouchedFor: vouchedHosts(config), hasProxy: config.machine.proxy !== undefined }),
    allowedLocalRoots: config.localRoots,
    log,
  });
  const sandbox = await createSandbox({
    ...config.machine,
    caFile,
    registries,
    mode: config.sandbox,
    log: { warn: (message) => log.warn(message) },
  });
  return {
    agent: config.anthropic
      ? observeAgent(
          createAgent({
            ...config.anthropic,
            prices: config.prices,
            aroundRequest,
            requestsAtOnce: config.modelConcurrency,
            log,
          }),
          observers,
        )
      : null,
    workspaces: observeWorkspaces(workspaces, observers),
    sandbox: observeSandbox(sandbox, observers),
    registryHosts: registryHosts(registries),
    artifacts: createArtifactStore({ localRoot: config.artifactsDir, supabase: config.supabase ?? undefined, log }),
    github: rememberTokens(github, secrets),
    tokenOf,
    redact: secrets.redact,
    host: config.github.host,
    allowHttp: config.github.protocol === 'http',
  };
}

function writeLimits({ writeIntervalMs: spacingMs = GITHUB_LIMITS.spacingMs, writeBudget }: NofxConfig): WriteLimits {
  const none = { perMinute: 1_000_000, perHour: 1_000_000 };
  return { ...(spacingMs === 0 ? none : GITHUB_LIMITS), ...writeBudget, spacingMs };
}

/** Hosts that git may go to wherever they lead: GitHub's, what the server's settings name, and, beside a stand-in, this machine. */
function vouchedHosts({ github, privateHosts }: NofxConfig): string[] {
  const here = github.protocol === 'http' ? ['127.0.0.1', 'localhost', '[::1]'] : [];
  return [github.host, ...privateHosts, ...here];
}

function readToken(tokens: NofxConfig['tokens']): TokenOf {
  return (name) => {
    const token = tokens.get(name);
    if (token !== undefined) return token;
    throw new UserError(
      `The project is reached by the token in ${name}, which is not set on this server.`,
      `Set ${name} in its environment and start it again, or name another variable in the project.`,
      { kind: 'permission' },
    );
  };
}

/** One client for each personal token, made when it is first wanted. */
function personalClients({ github }: NofxConfig, tokenOf: TokenOf) {
  const known = new Map<string, ReturnType<typeof personalOctokit>>();
  return async (name?: string) => {
    const found =
      known.get(name!) ?? personalOctokit(tokenOf(name!), { baseUrl: github.apiUrl, beforeWrite: assertLease });
    known.set(name!, found);
    return found;
  };
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
