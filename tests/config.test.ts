import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, type Environment, loadConfig, redacted, secretsOf } from '../src/config.ts';
import { Variables } from '../src/config-variables.ts';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = key.export({ type: 'pkcs1', format: 'pem' }) as string;
const pkcs8 = key.export({ type: 'pkcs8', format: 'pem' }) as string;
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const app = { APP_ID: '12345', PRIVATE_KEY: pkcs1, WEBHOOK_SECRET: 'a-long-secret' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nofx-config-'));
  writeFileSync(join(folder, 'app.pem'), pkcs1);
});
afterAll(() => rmSync(folder, { recursive: true }));

function errors(environment: Environment): string[] {
  const result = loadConfig(environment);
  return result.ok ? [] : result.errors;
}

function load(environment: Environment): Config {
  const result = loadConfig(environment);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.config;
}

describe('with nothing set', () => {
  it('has no app, no model, no Supabase, an embedded database, and safe defaults', () => {
    const data = resolve('.nofx');
    expect(load({ PATH: '/usr/bin', HOME: '/home/me' })).toEqual({
      machine: { path: '/usr/bin', home: '/home/me', execPath: process.execPath },
      github: null,
      anthropic: null,
      tokens: new Map(),
      localRoots: [],
      privateHosts: [],
      supabase: null,
      database: { kind: 'pglite', dir: data },
      dataDir: data,
      workspaceRoot: join(data, 'workspaces'),
      host: '127.0.0.1',
      port: 3002,
      model: 'claude-sonnet-5-5',
      maxCostUsd: 5,
      prices: {},
      sandbox: 'auto',
      role: 'all',
      retentionDays: { runs: 90, deliveries: 14 },
      artifactsDir: join(data, 'artifacts'),
      artifactsShared: false,
      backpressureAgeMs: 5_000,
      stepConcurrency: 2,
      modelConcurrency: 4,
      gitConcurrency: 4,
      metrics: { token: null },
      api: { adminPassword: null, publicUrl: null },
      githubUrl: 'https://github.com',
      githubApiUrl: 'https://api.github.com',
      tracing: null,
      label: 'nofx',
      welcome: 'off',
      logLevel: 'info',
    });
  });

  it('takes empty variables for absent ones and ignores spaces around a value', () => {
    expect(load({ APP_ID: '', PRIVATE_KEY: ' ', WEBHOOK_SECRET: '', PORT: '' })).toEqual(load({}));
    expect(load({ NOFX_MODEL: ' some-model\n' }).model).toBe('some-model');
  });
});

describe('the app', () => {
  it('lives on github.com, or on an Enterprise host under /api/v3', () => {
    expect(load(app).github).toEqual({
      appId: '12345',
      privateKey: pkcs8,
      webhookSecret: 'a-long-secret',
      host: 'github.com',
      protocol: 'https',
      apiUrl: 'https://api.github.com',
    });
    expect(load({ ...app, GHE_HOST: 'git.example.com:8443' }).github?.apiUrl).toBe(
      'https://git.example.com:8443/api/v3',
    );
    expect(load({ ...app, GHE_HOST: '127.0.0.1:9000', GHE_PROTOCOL: 'http' }).github).toMatchObject({
      protocol: 'http',
      apiUrl: 'http://127.0.0.1:9000/api/v3',
    });
  });

  it.each([
    ['as GitHub gives it', pkcs1],
    ['as PKCS #8', pkcs8],
    ['with its line breaks written out', pkcs1.replaceAll('\n', '\\n')],
    ['on one line', pkcs1.replaceAll('\n', ' ')],
    ['in base64', Buffer.from(pkcs1).toString('base64')],
  ])('takes the private key %s', (_how, text) => {
    expect(load({ ...app, PRIVATE_KEY: text }).github?.privateKey).toBe(pkcs8);
  });

  it('takes the private key from a file', () => {
    const { PRIVATE_KEY: _, ...rest } = app;
    expect(load({ ...rest, PRIVATE_KEY_PATH: join(folder, 'app.pem') }).github?.privateKey).toBe(pkcs8);
  });
});

describe('other settings', () => {
  it('hands them out by part', () => {
    const prices = { m: { input: 1, output: 2, cacheRead: 0.1, cacheWrite5m: 1.25, cacheWrite1h: 2 } };
    const config = load({
      ANTHROPIC_API_KEY: 'sk-ant-1',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/',
      DATABASE_URL: 'postgres://u:p@db/nofx',
      SUPABASE_URL: 'https://x.supabase.co',
      SUPABASE_SERVICE_ROLE_KEY: 'role',
      NOFX_PRICES: JSON.stringify(prices),
      NOFX_MAX_COST_USD: '0.50',
      NOFX_DATA_DIR: '/var/lib/nofx',
      PORT: '0',
      NOFX_SANDBOX: 'off',
    });
    expect(config).toMatchObject({
      anthropic: { apiKey: 'sk-ant-1', baseUrl: 'http://127.0.0.1:1/' },
      database: { kind: 'postgres', url: 'postgres://u:p@db/nofx' },
      supabase: { url: 'https://x.supabase.co', serviceRoleKey: 'role', bucket: 'nofx-artifacts' },
      prices,
      maxCostUsd: 0.5,
      workspaceRoot: '/var/lib/nofx/workspaces',
      port: 0,
      sandbox: 'off',
    });
  });
});

describe('projects without the app', () => {
  it('are given personal tokens by name, and the folders that they may be in', () => {
    const { tokens, localRoots } = load({
      GITHUB_TOKEN: 'a',
      GIT_TOKEN: 'b',
      NOFX_TOKEN_LAB: 'c',
      OTHER_TOKEN: 'd',
      NOFX_LOCAL_ROOTS: '/srv/one:/srv/two:',
    });
    expect([...tokens.keys()]).toEqual(['GITHUB_TOKEN', 'GIT_TOKEN', 'NOFX_TOKEN_LAB']);
    expect(localRoots).toEqual(['/srv/one', '/srv/two']);
  });

  it.each(['/', 'relative', '/srv:../x'])('are in no folder such as %s', (roots) => {
    expect(errors({ NOFX_LOCAL_ROOTS: roots })).toEqual([expect.stringMatching(/^NOFX_LOCAL_ROOTS: must be absolute/)]);
  });
});

describe('the hosts of one’s own network', () => {
  it('are named with a port or without', () => {
    expect(load({ NOFX_PRIVATE_HOSTS: 'GitLab.lan, 10.0.0.7:8443' }).privateHosts).toEqual([
      'gitlab.lan',
      '10.0.0.7:8443',
    ]);
  });

  it.each(['https://gitlab.lan', 'a.lan/b', '*.lan', 'a b', 'a.lan,'])('are never written %s', (hosts) => {
    expect(errors({ NOFX_PRIVATE_HOSTS: hosts })).toEqual([
      expect.stringMatching(/^NOFX_PRIVATE_HOSTS: must be host names/),
    ]);
  });
});

describe('what is seen from outside', () => {
  it('is open to this machine only, and traces go nowhere, unless told', () => {
    expect(load({ OTEL_SERVICE_NAME: 'x' })).toMatchObject({ metrics: { token: null }, tracing: null });
    expect(load({ NOFX_METRICS_TOKEN: 'sixteen-letters!' }).metrics.token).toBe('sixteen-letters!');
  });

  it('goes to a collector with its headers, as other OpenTelemetry programs read them', () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret, x-empty= ,x-pair=a=b',
      OTEL_SERVICE_NAME: 'nofx-worker',
    };
    expect(load(environment).tracing).toEqual({
      endpoint: 'https://collector.example:4318',
      headers: { authorization: 'Bearer s3cret', 'x-empty': '', 'x-pair': 'a=b' },
      serviceName: 'nofx-worker',
    });
    expect(load({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }).tracing).toMatchObject({
      headers: {},
      serviceName: 'nofx',
    });
  });
});

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

describe('the API', () => {
  it('has no admin without a password that can hardly be guessed', () => {
    expect(load({}).api.adminPassword).toBeNull();
    expect(load({ ADMIN_PASSWORD: 'twelve-chars' }).api.adminPassword).toBe('twelve-chars');
    expect(errors({ ADMIN_PASSWORD: 'admin' })).toEqual([expect.stringMatching(/^ADMIN_PASSWORD: is shorter/)]);
  });

  it('is reached where it says, if it says', () => {
    expect(load({}).api.publicUrl).toBeNull();
    expect(load({ NOFX_PUBLIC_URL: 'https://nofx.example.com/' }).api.publicUrl).toBe('https://nofx.example.com');
    expect(errors({ NOFX_PUBLIC_URL: 'nofx.example.com' })).toEqual([expect.stringMatching(/^NOFX_PUBLIC_URL: /)]);
  });

  it('takes a secret of Supabase beside its address only', () => {
    expect(errors({ SUPABASE_JWT_SECRET: 's'.repeat(32) })).toEqual([
      expect.stringMatching(/^SUPABASE_URL: is missing/),
    ]);
  });
});

describe('the settings in a log', () => {
  const config = load({
    ...app,
    ANTHROPIC_API_KEY: 'sk-ant-secret',
    DATABASE_URL: 'postgres://user:p%40ss-w@rd@db/nofx?password=again',
    SUPABASE_URL: 'https://x.supabase.co',
    SUPABASE_SERVICE_ROLE_KEY: 'role-secret',
    HTTPS_PROXY: 'http://me:proxy%20pass@proxy:3128',
    NOFX_METRICS_TOKEN: 'metrics-token-of-ours',
    ADMIN_PASSWORD: 'admin-password-of-ours',
    SUPABASE_JWT_SECRET: 'jwt-secret-'.repeat(3),
    GITHUB_TOKEN: 'hub-token',
    NOFX_TOKEN_LAB: 'me:lab-token',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:otlp-pass@collector',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20otlp-token',
  });
  const secret =
    /proxy%20pass|PRIVATE KEY|a-long-secret|sk-ant-secret|p%40ss-w|rd@|again|role-secret|metrics-token|otlp-|admin-password|jwt-secret|hub-token|lab-token/;

  it.each([
    ['redacted()', () => JSON.stringify(redacted(config))],
    ['JSON', () => JSON.stringify(config)],
    ['the console', () => inspect(config, { depth: 9, showHidden: true })],
    ['a part in JSON', () => JSON.stringify(config.github)],
    ['headers of traces in JSON', () => JSON.stringify(config.tracing)],
    ['a token on the console', () => inspect(config.metrics)],
    ['a part on the console', () => inspect(config.database)],
  ])('carry no secret through %s', (_how, print) => {
    expect(print()).not.toMatch(secret);
    expect(print()).toContain('[hidden]');
  });

  it('still tell what is no secret', () => {
    expect(redacted(config)).toMatchObject({
      github: { appId: '12345', host: 'github.com' },
      database: { url: expect.stringContaining('@db/nofx') },
      port: 3002,
    });
  });

  it('list every secret, so that it can be taken out elsewhere', () => {
    expect(secretsOf(config)).toEqual([
      pkcs8,
      'a-long-secret',
      'sk-ant-secret',
      'role-secret',
      'metrics-token-of-ours',
      'admin-password-of-ours',
      'hub-token',
      'me:lab-token',
      'lab-token',
      'jwt-secret-jwt-secret-jwt-secret-',
      'Bearer otlp-token',
      'otlp-token',
      'p%40ss-w%40rd',
      'proxy%20pass',
      'otlp-pass',
      'p@ss-w@rd',
      'proxy pass',
      'otlp-pass',
    ]);
    expect(secretsOf(load({}))).toEqual([]);
  });
});

describe('.env.example', () => {
  const lines = readFileSync(resolve('.env.example'), 'utf8').split('\n');
  const entries = lines.flatMap((line) => [...line.matchAll(/^(?:# )?([A-Z][A-Z_]+)=(.*)$/g)]);

  it('lists every variable once, and no other', () => {
    expect(entries.map(([, name = '']) => name).sort()).toEqual(Object.keys(Variables.shape).sort());
  });

  it('shows the defaults as they are', () => {
    const shown = Object.fromEntries(entries.map(([, name, value]) => [name, value]));
    const {
      DATABASE_URL: _,
      NOFX_PRICES: prices,
      ANTHROPIC_BASE_URL: _base,
      GHE_HOST: _host,
      OTEL_EXPORTER_OTLP_ENDPOINT: _collector,
      ...defaults
    } = shown;
    expect(load(defaults)).toEqual(load({}));
    expect(errors({ NOFX_PRICES: prices })).toEqual([]);
  });

  it('sets no secret', () => {
    for (const [line, name] of entries) {
      if (/KEY|SECRET|APP_ID|TOKEN|HEADERS/.test(name ?? '')) expect(line).toBe(`${name}=`);
    }
  });
});
