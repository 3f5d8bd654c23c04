import { resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import {
  HOST_NAME,
  usingFolders,
  usingHeaders,
  usingHosts,
  usingPem,
  usingPemFile,
  usingPrices,
} from './config-values.ts';
import { isTokenName } from './domain/personal-token.ts';
import { withoutCredentials } from './domain/registries.ts';

/** What may stand in the environment: each variable on its own, and what holds of several together. */

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

/** Every variable NOFX knows, on its own; what concerns two of them is in `brokenRules`. `.env.example` lists the same. */
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
export const Machine = z.object({
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  HOME: z.string().optional(),
  HTTPS_PROXY: z.string().optional(),
  NO_PROXY: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
  npm_config_registry: z.string().transform(withoutCredentials).optional(),
  PIP_INDEX_URL: z.string().transform(withoutCredentials).optional(),
  PIP_EXTRA_INDEX_URL: z.string().transform(withoutCredentials).optional(),
  GOPROXY: z.string().transform(withoutCredentials).optional(),
});

/** What can only be said of two variables together. Looks at the raw text, so that it speaks up beside other mistakes. */
export function brokenRules(given: Readonly<Record<string, string>>): string[] {
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
