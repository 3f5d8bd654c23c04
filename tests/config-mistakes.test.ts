import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment } from '../src/config.ts';
import { app, errors, pkcs1 } from './support/config.ts';

const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nofx-config-'));
  writeFileSync(join(folder, 'app.pem'), pkcs1);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a mistake is named with what to do', () => {
  it.each<[string, Environment, RegExp]>([
    ['App ID that is no number', { ...app, APP_ID: 'my-app' }, /^APP_ID: must be the number/],
    ['no App ID', { ...app, APP_ID: undefined }, /^APP_ID: is missing, but PRIVATE_KEY and WEBHOOK_SECRET are set/],
    ['no key', { ...app, PRIVATE_KEY: undefined }, /^PRIVATE_KEY: is missing/],
    [
      'no webhook secret',
      { ...app, WEBHOOK_SECRET: '' },
      /^WEBHOOK_SECRET: is missing, but APP_ID and PRIVATE_KEY are set/,
    ],
    [
      "Probot's default secret",
      { ...app, WEBHOOK_SECRET: 'development' },
      /^WEBHOOK_SECRET: is "development".*openssl rand/,
    ],
    ['short secret', { ...app, WEBHOOK_SECRET: '1234567' }, /^WEBHOOK_SECRET: is shorter than 8/],
    ['garbage for a key', { ...app, PRIVATE_KEY: 'hunter2hunter2' }, /^PRIVATE_KEY: is not an RSA private key/],
    ['cut key', { ...app, PRIVATE_KEY: pkcs1.slice(0, 800) }, /^PRIVATE_KEY: is not an RSA private key/],
    ['key of another kind', { ...app, PRIVATE_KEY: ecKey }, /^PRIVATE_KEY: is not an RSA private key/],
    ['key twice', { ...app, PRIVATE_KEY_PATH: 'KEY_FILE' }, /^PRIVATE_KEY_PATH: is set beside PRIVATE_KEY/],
    [
      'key file that is not there',
      { ...app, PRIVATE_KEY: '', PRIVATE_KEY_PATH: '/no/such.pem' },
      /^PRIVATE_KEY_PATH: cannot be read \(ENOENT/,
    ],
    [
      'key file without a key',
      { ...app, PRIVATE_KEY: '', PRIVATE_KEY_PATH: resolve('package.json') },
      /^PRIVATE_KEY_PATH: is not an RSA/,
    ],
    ['Enterprise host as a URL', { GHE_HOST: 'https://git.example.com' }, /^GHE_HOST: must be a bare host name/],
    [
      'http to a far host',
      { GHE_HOST: 'git.example.com', GHE_PROTOCOL: 'http' },
      /^GHE_PROTOCOL: http would send tokens in the clear/,
    ],
    [
      'http to a host that looks near',
      { GHE_HOST: '127.0.0.1.evil.example', GHE_PROTOCOL: 'http' },
      /^GHE_PROTOCOL: http/,
    ],
    ['http to github.com', { GHE_PROTOCOL: 'http' }, /^GHE_PROTOCOL: http/],
    ['other protocol', { GHE_PROTOCOL: 'ssh' }, /^GHE_PROTOCOL: must be https/],
    ['model address without a key', { ANTHROPIC_BASE_URL: 'http://localhost:1' }, /^ANTHROPIC_API_KEY: is missing/],
    [
      'model address that is none',
      { ANTHROPIC_API_KEY: 'x', ANTHROPIC_BASE_URL: 'localhost' },
      /^ANTHROPIC_BASE_URL: is not a URL/,
    ],
    ['other database', { DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL: is not a URL such as postgres:/],
    ['port out of range', { PORT: '70000' }, /^PORT: must be a whole number from 0 to 65535/],
    ['port in words', { PORT: 'http' }, /^PORT: must be a whole number/],
    ['cost of nothing', { NOFX_MAX_COST_USD: '0' }, /^NOFX_MAX_COST_USD: must be more than 0/],
    ['cost with a sign', { NOFX_MAX_COST_USD: '$5' }, /^NOFX_MAX_COST_USD: must be an amount/],
    ['cost without end', { NOFX_MAX_COST_USD: 'Infinity' }, /^NOFX_MAX_COST_USD: must be an amount/],
    ['prices that are no JSON', { NOFX_PRICES: '{input: 3}' }, /^NOFX_PRICES: is not JSON.*dollars per million/],
    [
      'prices with a hole',
      { NOFX_PRICES: '{"m": {"input": 3}}' },
      /^NOFX_PRICES: does not fit \(m\.output: .*m\.cacheRead: .*dollars per million/,
    ],
    ['sandbox by a wrong word', { NOFX_SANDBOX: 'no' }, /^NOFX_SANDBOX: must be auto/],
    [
      'deliveries kept for less than GitHub may send them again',
      { NOFX_DELIVERY_RETENTION_DAYS: '3' },
      /^NOFX_DELIVERY_RETENTION_DAYS: must be a whole number from 4/,
    ],
    ['no steps at all', { NOFX_STEP_CONCURRENCY: '0' }, /^NOFX_STEP_CONCURRENCY: must be a whole number from 1/],
    ['unknown role', { NOFX_ROLE: 'boss' }, /^NOFX_ROLE: must be all/],
    [
      'role without a database to share',
      { NOFX_ROLE: 'web', NOFX_ARTIFACTS_DIR: '/shared' },
      /^DATABASE_URL: is missing, but NOFX_ROLE is set. Several processes need a Postgres/,
    ],
    [
      'role without artifacts that every machine reaches',
      { NOFX_ROLE: 'worker', DATABASE_URL: 'postgres://db/nofx' },
      /^NOFX_ARTIFACTS_DIR: is missing, but NOFX_ROLE is set. Any worker must reach every artifact/,
    ],
    ['unknown welcome', { NOFX_WELCOME: 'wiki' }, /^NOFX_WELCOME: must be off, issue, or pull_request/],
    ['long label', { NOFX_LABEL: 'x'.repeat(51) }, /^NOFX_LABEL: is longer than GitHub's 50/],
    ['log level', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL: must be one of fatal, error/],
    ['token that can be guessed', { NOFX_METRICS_TOKEN: 'short' }, /^NOFX_METRICS_TOKEN: is shorter than 16/],
    [
      'collector without a scheme',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT: is not a URL/,
    ],
    [
      'headers that are none',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_EXPORTER_OTLP_HEADERS: 'Bearer s3cret' },
      /^OTEL_EXPORTER_OTLP_HEADERS: is not a list of headers(?!.*s3cret)/,
    ],
    ['headers for nobody', { OTEL_EXPORTER_OTLP_HEADERS: 'a=b' }, /^OTEL_EXPORTER_OTLP_ENDPOINT: is missing/],
    ['Supabase without its key', { SUPABASE_URL: 'https://x.supabase.co' }, /^SUPABASE_SERVICE_ROLE_KEY: is missing/],
    ['Supabase without its address', { SUPABASE_SERVICE_ROLE_KEY: 'k' }, /^SUPABASE_URL: is missing/],
    [
      'misspelt variable',
      { NOFX_MAX_COST: '5' },
      /^NOFX_MAX_COST: is not a variable of NOFX. Did you mean NOFX_MAX_COST_USD\?/,
    ],
  ])('%s', (_what, environment, message) => {
    const file = environment['PRIVATE_KEY_PATH'] === 'KEY_FILE' ? { PRIVATE_KEY_PATH: join(folder, 'app.pem') } : {};
    expect(errors({ ...environment, ...file })).toEqual([expect.stringMatching(message)]);
  });

  it('names every mistake at once', () => {
    const found = errors({ APP_ID: 'x', PORT: 'y', LOG_LEVEL: 'z', GHE_PROTOCOL: 'http', SUPABASE_URL: 'nowhere' });
    expect(found.map((error) => error.split(':')[0] ?? '').sort()).toEqual([
      'APP_ID',
      'GHE_PROTOCOL',
      'LOG_LEVEL',
      'PORT',
      'PRIVATE_KEY',
      'SUPABASE_SERVICE_ROLE_KEY',
      'SUPABASE_URL',
      'WEBHOOK_SECRET',
    ]);
  });

  it('repeats no secret in a message', () => {
    const found = errors({
      APP_ID: 'x',
      PRIVATE_KEY: 'hunter2hunter2',
      WEBHOOK_SECRET: 'short',
      DATABASE_URL: 'x://u:pass@h',
    });
    expect(found).toHaveLength(4);
    expect(found.join()).not.toMatch(/hunter2|"short"|pass@/);
  });
});
