import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { decoded, guard, guardAll, hide, hidePassword } from './config-values.ts';
import { brokenRules, Machine, Variables } from './config-variables.ts';
import { isTokenName, secretsOfToken } from './domain/personal-token.ts';

/** A set of environment variables. An empty value counts as absent; spaces around one do not count. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigResult = { ok: true; config: Config } | { ok: false; errors: string[] };

/** The settings of one process, ready to hand out. Its parts print without their secrets. */
export type Config = ReturnType<typeof normalize>;

/** Checks an environment: the settings, or every mistake at once as `VARIABLE: what is wrong and what to do`. */
export function loadConfig(environment: Environment): ConfigResult {
  const trimmed = Object.entries(environment).map(([name, value]) => [name, value?.trim()]);
  const given = Object.fromEntries(trimmed.filter(([, value]) => value)) as Record<string, string>;
  const parsed = Variables.safeParse(given);
  const issues = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  const errors = [...issues, ...brokenRules(given)];
  if (!parsed.success || errors.length > 0) return { ok: false, errors };
  const tokens = Object.fromEntries(Object.entries(given).filter(([name]) => isTokenName(name)));
  return { ok: true, config: normalize({ ...parsed.data, ...Machine.parse(given), tokens }) };
}

/**
 * The environment of this process, completed from `.env` in the working directory where there is one; what is set
 * already wins. This is the only place that reads `process.env`.
 */
export function readEnvironment(): Environment {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return { ...process.env };
}

/** What to log of the settings: everything but the secrets. */
export function redacted(config: Config): Record<string, unknown> {
  return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}

/** Every secret among the settings, to be taken out of whatever is written down. */
export function secretsOf(config: Config): string[] {
  const { github, anthropic, database, supabase, machine, metrics, tracing, api, tokens } = config;
  const passwords = [
    database.kind === 'postgres' ? database.url : '',
    machine.proxy ?? '',
    tracing?.endpoint ?? '',
  ].map(passwordOf);
  return [
    github?.privateKey,
    github?.webhookSecret,
    anthropic?.apiKey,
    supabase?.serviceRoleKey,
    metrics.token,
    api.adminPassword,
    ...[...tokens.values()].flatMap(secretsOfToken),
    supabase?.jwtSecret,
    // Without its scheme too: `Bearer` is no secret, and others may write the rest alone.
    ...Object.values(tracing?.headers ?? {}).flatMap((value) => [value, value.replace(/^\S+ /, '')]),
    ...passwords,
    ...passwords.map(decoded),
  ].filter((secret): secret is string => Boolean(secret));
}

function passwordOf(address: string): string {
  return URL.canParse(address) ? new URL(address).password : '';
}

/** From one flat list to the parts that main.ts hands out. */
function normalize(env: z.infer<typeof Variables> & z.infer<typeof Machine> & { tokens: Record<string, string> }) {
  const privateKey = env.PRIVATE_KEY ?? env.PRIVATE_KEY_PATH;
  const host = env.GHE_HOST ?? 'github.com';
  const apiUrl = env.GHE_HOST ? `${env.GHE_PROTOCOL}://${host}/api/v3` : 'https://api.github.com';
  return {
    /** null where no app is configured at all */
    github:
      env.APP_ID && privateKey && env.WEBHOOK_SECRET
        ? guard(
            {
              appId: env.APP_ID,
              /** PKCS #8 PEM */
              privateKey,
              webhookSecret: env.WEBHOOK_SECRET,
              host,
              protocol: env.GHE_PROTOCOL,
              apiUrl,
            },
            { privateKey: hide, webhookSecret: hide },
          )
        : null,
    /** also where no app is configured: where people and where programs reach GitHub */
    githubUrl: `${env.GHE_PROTOCOL}://${host}`,
    githubApiUrl: apiUrl,
    /** by the names of their variables; used by the projects that name them, and by nothing else */
    tokens: guardAll(env.tokens),
    /** the folders that local repositories may be in; none: there are no such projects */
    localRoots: env.NOFX_LOCAL_ROOTS,
    /** hosts (with a port, or any) that git may go to wherever they lead: those of one's own network */
    privateHosts: env.NOFX_PRIVATE_HOSTS,
    anthropic: env.ANTHROPIC_API_KEY
      ? guard({ apiKey: env.ANTHROPIC_API_KEY, baseUrl: env.ANTHROPIC_BASE_URL }, { apiKey: hide })
      : null,
    database: env.DATABASE_URL
      ? guard({ kind: 'postgres' as const, url: env.DATABASE_URL }, { url: hidePassword })
      : { kind: 'pglite' as const, dir: env.NOFX_DATA_DIR },
    supabase:
      env.SUPABASE_URL && env.SUPABASE_SERVICE_ROLE_KEY
        ? guard(
            {
              url: env.SUPABASE_URL,
              serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY,
              bucket: env.SUPABASE_BUCKET,
              /** absent where access tokens are signed with keys that Supabase publishes */
              jwtSecret: env.SUPABASE_JWT_SECRET,
            },
            { serviceRoleKey: hide, jwtSecret: hide },
          )
        : null,
    dataDir: env.NOFX_DATA_DIR,
    workspaceRoot: env.WORKSPACE_ROOT ?? join(env.NOFX_DATA_DIR, 'workspaces'),
    host: env.HOST,
    port: env.PORT,
    model: env.NOFX_MODEL,
    maxCostUsd: env.NOFX_MAX_COST_USD,
    prices: env.NOFX_PRICES,
    sandbox: env.NOFX_SANDBOX,
    role: env.NOFX_ROLE,
    artifactsDir: env.NOFX_ARTIFACTS_DIR ?? join(env.NOFX_DATA_DIR, 'artifacts'),
    /** somebody has said where every machine finds them */
    artifactsShared: Boolean(env.NOFX_ARTIFACTS_DIR ?? env.SUPABASE_URL),
    /** New runs are held back once the oldest step that could run has waited this long; ms. */
    backpressureAgeMs: env.BACKPRESSURE_AGE_MS,
    /** How much of each may be under way in this process: steps, requests to the model, git processes. */
    stepConcurrency: env.NOFX_STEP_CONCURRENCY,
    modelConcurrency: env.NOFX_MODEL_CONCURRENCY,
    gitConcurrency: env.NOFX_GIT_CONCURRENCY,
    /** How long things are kept once they are over. GitHub may deliver again for 3 days: deliveries are kept longer. */
    retentionDays: { runs: env.NOFX_RETENTION_DAYS, deliveries: env.NOFX_DELIVERY_RETENTION_DAYS },
    label: env.NOFX_LABEL,
    /** what is said in a repository the app was just installed on */
    welcome: env.NOFX_WELCOME,
    logLevel: env.LOG_LEVEL,
    /** `token: null`: only this machine may read them */
    metrics: guard({ token: env.NOFX_METRICS_TOKEN ?? null }, { token: hide }),
    /** `adminPassword: null`: there is no admin; `publicUrl: null`: nobody has said where people reach this server */
    api: guard(
      { adminPassword: env.ADMIN_PASSWORD ?? null, publicUrl: env.NOFX_PUBLIC_URL ?? null },
      { adminPassword: hide },
    ),
    /** null where nobody collects traces */
    tracing: env.OTEL_EXPORTER_OTLP_ENDPOINT
      ? guard(
          {
            endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: env.OTEL_EXPORTER_OTLP_HEADERS,
            serviceName: env.OTEL_SERVICE_NAME,
          },
          { endpoint: hidePassword, headers: hide },
        )
      : null,
    /** What git and the commands of repositories need to know of this machine. */
    machine: guard(
      {
        path: env.PATH,
        home: env.HOME ?? homedir(),
        execPath: process.execPath,
        proxy: env.HTTPS_PROXY,
        noProxy: env.NO_PROXY,
        caFile: env.NODE_EXTRA_CA_CERTS,
        registries: {
          npm: env.npm_config_registry,
          pip: env.PIP_INDEX_URL,
          pipExtra: env.PIP_EXTRA_INDEX_URL,
          go: env.GOPROXY,
        },
      },
      { proxy: hidePassword },
    ),
  };
}
