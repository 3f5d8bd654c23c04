import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import {
  decoded,
  guard,
  guardAll,
  hide,
  HOST_NAME,
  hidePassword,
  usingFolders,
  usingHeaders,
  usingHosts,
  usingPem,
  usingPemFile,
  usingPrices,
} from './config-values.ts';
import { isTokenName, secretsOfToken } from './domain/personal-token.ts';

/** A set of environment variables. An empty value counts as absent; spaces around one do not count. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigResult = { ok: true; config: Config } | { ok: false; errors: string[] };

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `is not a URL such as ${example}. Give a whole one.` });
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}.`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}.`);

/** Every variable NOFX knows, on its own; what concerns two of them is in `rules`. `.env.example` lists the same. */
export const Variables = z.object({
  APP_ID: z.string().regex(/^\d+$/, 'must be the number GitHub shows as "App ID" on the app\'s page.').optional(),
  PRIVATE_KEY: z.string().transform(usingPem).optional(),
  PRIVATE_KEY_PATH: z.string().transform(usingPemFile).optional(),
  WEBHOOK_SECRET: z
    .string()
    .min(
      8,
      'is shorter than 8 characters and can be guessed. Make one with `openssl rand -hex 32` and set it in the app as well.',
    )
    .refine(
      (secret) => secret !== 'development',
      'is "development", which everyone knows. Make one with `openssl rand -hex 32` and set it in the app as well.',
    )
    .optional(),
  GHE_HOST: z
    .string()
    .regex(HOST_NAME, 'must be a bare host name such as github.example.com, without https:// or a path.')
    .optional(),
  GHE_PROTOCOL: z.enum(['https', 'http'], 'must be https (or http, for a loopback host only).').default('https'),
  GITHUB_TOKEN: z.string().optional(),
  GIT_TOKEN: z.string().optional(),
  NOFX_LOCAL_ROOTS: z.string().transform(usingFolders).default([]),
  NOFX_PRIVATE_HOSTS: z.string().transform(usingHosts).default([]),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: url(/^https?$/, 'https://api.anthropic.com').optional(),
  DATABASE_URL: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/nofx').optional(),
  NOFX_DATA_DIR: z
    .string()
    .default('.nofx')
    .transform((path) => resolve(path)),
  PORT: wholeNumber(0, 65_535).prefault('3002'),
  // Loopback, as Probot does it (there `localhost`, which may mean ::1 only): a service that takes webhooks stands
  // behind a proxy, and what is open to the network should have been opened on purpose. Containers set 0.0.0.0.
  HOST: z.string().default('127.0.0.1'),
  WORKSPACE_ROOT: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
  NOFX_MODEL: z.string().default('claude-sonnet-5-5'),
  NOFX_MAX_COST_USD: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be an amount of dollars such as 5 or 0.50.')
    .transform(Number)
    .refine((dollars) => dollars > 0, 'must be more than 0: nothing could run.')
    .prefault('5'),
  NOFX_PRICES: z.string().transform(usingPrices).default({}),
  NOFX_SANDBOX: z
    .enum(['auto', 'off'], 'must be auto (refuse to run repository code without a sandbox) or off.')
    .default('auto'),
  NOFX_ROLE: z
    .enum(['all', 'web', 'worker'], 'must be all (one process does everything), web or worker.')
    .default('all'),
  NOFX_ARTIFACTS_DIR: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
  BACKPRESSURE_AGE_MS: wholeNumber(0, 3_600_000).prefault('5000'),
  NOFX_STEP_CONCURRENCY: wholeNumber(1, 64).prefault('2'),
  NOFX_MODEL_CONCURRENCY: wholeNumber(1, 64).prefault('4'),
  NOFX_GIT_CONCURRENCY: wholeNumber(1, 64).prefault('4'),
  NOFX_RETENTION_DAYS: wholeNumber(1, 36_500).prefault('90'),
  NOFX_DELIVERY_RETENTION_DAYS: wholeNumber(4, 36_500).prefault('14'),
  NOFX_LABEL: z.string().max(50, "is longer than GitHub's 50 characters for a label.").default('nofx'),
  NOFX_WELCOME: z
    .enum(['off', 'issue', 'pull_request'], 'must be off, issue, or pull_request (which proposes .github/nofx.yml).')
    .default('off'),
  NOFX_METRICS_TOKEN: z
    .string()
    .min(16, 'is shorter than 16 characters and can be guessed. Make one with `openssl rand -hex 32`.')
    .optional(),
  NOFX_PUBLIC_URL: url(/^https?$/, 'https://nofx.example.com')
    .transform((address) => address.replace(/\/+$/, ''))
    .optional(),
  ADMIN_PASSWORD: z
    .string()
    .min(12, 'is shorter than 12 characters and can be guessed. Make one with `openssl rand -base64 24`.')
    .optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?$/, 'http://localhost:4318').optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().transform(usingHeaders).default({}),
  OTEL_SERVICE_NAME: z.string().default('nofx'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}.`).default('info'),
  SUPABASE_URL: url(/^https?$/, 'https://project.supabase.co').optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  SUPABASE_JWT_SECRET: z.string().min(32, 'is shorter than the 32 characters that HS256 needs.').optional(),
  SUPABASE_BUCKET: z.string().default('nofx-artifacts'),
});

/** What every machine sets, and NOFX only passes on. */
const Machine = z.object({
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  HOME: z.string().optional(),
  HTTPS_PROXY: z.string().optional(),
  NO_PROXY: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
});

/** The settings of one process, ready to hand out. Its parts print without their secrets. */
export type Config = ReturnType<typeof normalize>;

/** Checks an environment: the settings, or every mistake at once as `VARIABLE: what is wrong and what to do`. */
export function loadConfig(environment: Environment): ConfigResult {
  const trimmed = Object.entries(environment).map(([name, value]) => [name, value?.trim()]);
  const given = Object.fromEntries(trimmed.filter(([, value]) => value)) as Record<string, string>;
  const parsed = Variables.safeParse(given);
  const issues = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  const errors = [...issues, ...rules(given)];
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

/** What can only be said of two variables together. Looks at the raw text, so that it speaks up beside other mistakes. */
function rules(given: Environment): string[] {
  const errors: string[] = [];
  const together = (names: string[], why: string) => {
    const present = names.filter((name) => given[name]);
    if (present.length === 0) return;
    for (const name of names.filter((absent) => !given[absent])) {
      errors.push(`${name}: is missing, but ${present.join(' and ')} ${present.length > 1 ? 'are' : 'is'} set. ${why}`);
    }
  };

  const key = given['PRIVATE_KEY_PATH'] && !given['PRIVATE_KEY'] ? 'PRIVATE_KEY_PATH' : 'PRIVATE_KEY';
  together(['APP_ID', key, 'WEBHOOK_SECRET'], "An app needs all three; they are on the app's page on GitHub.");
  if (given['PRIVATE_KEY'] && given['PRIVATE_KEY_PATH']) {
    errors.push('PRIVATE_KEY_PATH: is set beside PRIVATE_KEY. Keep one of them.');
  }
  if (given['GHE_PROTOCOL'] === 'http' && !LOOPBACK.test(given['GHE_HOST'] ?? '')) {
    errors.push(
      'GHE_PROTOCOL: http would send tokens in the clear; it is taken for a loopback GHE_HOST only. Use https.',
    );
  }
  if (given['ANTHROPIC_BASE_URL'] && !given['ANTHROPIC_API_KEY']) {
    errors.push('ANTHROPIC_API_KEY: is missing, but ANTHROPIC_BASE_URL is set. Set the key that belongs to it.');
  }
  together(['SUPABASE_URL', 'SUPABASE_SERVICE_ROLE_KEY'], 'Set both, or neither to keep artifacts on disk.');
  if (given['SUPABASE_JWT_SECRET'] && !given['SUPABASE_URL']) {
    errors.push(
      'SUPABASE_URL: is missing, but SUPABASE_JWT_SECRET is set. Set the address of the project it belongs to.',
    );
  }

  if (given['OTEL_EXPORTER_OTLP_HEADERS'] && !given['OTEL_EXPORTER_OTLP_ENDPOINT']) {
    errors.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT: is missing, but OTEL_EXPORTER_OTLP_HEADERS is set. Set the address they belong to.',
    );
  }
  if (given['NOFX_ROLE'] === 'web' || given['NOFX_ROLE'] === 'worker') {
    if (!given['DATABASE_URL']) {
      errors.push(
        'DATABASE_URL: is missing, but NOFX_ROLE is set. Several processes need a Postgres to share; the embedded database serves one.',
      );
    }
    if (!given['SUPABASE_URL'] && !given['NOFX_ARTIFACTS_DIR']) {
      errors.push(
        'NOFX_ARTIFACTS_DIR: is missing, but NOFX_ROLE is set. Any worker must reach every artifact: name a folder that all of them share, or set SUPABASE_URL.',
      );
    }
  }

  const known = Object.keys(Variables.shape);
  for (const name of Object.keys(given)) {
    if (!name.startsWith('NOFX_') || name.startsWith('NOFX_TEST_') || isTokenName(name) || known.includes(name))
      continue;
    errors.push(`${name}: is not a variable of NOFX. Did you mean ${closest(name, known)}?`);
  }
  return errors;
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
      },
      { proxy: hidePassword },
    ),
  };
}
