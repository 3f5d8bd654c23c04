import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Variables } from '../src/config-variables.ts';
import { app, errors, load, pkcs1, pkcs8 } from './support/config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nofx-config-'));
  writeFileSync(join(folder, 'app.pem'), pkcs1);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('with nothing set', () => {
  it('has no app, no model, no Supabase, an embedded database, and safe defaults', () => {
    const data = resolve('.nofx');
    expect(load({ PATH: '/usr/bin', HOME: '/home/me' })).toEqual({
      machine: { path: '/usr/bin', home: '/home/me', execPath: process.execPath, registries: {} },
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
  it('keeps of the registries only what commands of repositories may see', () => {
    const { registries } = load({
      npm_config_registry: 'https://me:secret@npm.example.com/',
      PIP_INDEX_URL: 'https://me:secret@pypi.example.com/simple',
      GOPROXY: 'https://me:secret@go.example.com,direct',
    }).machine;
    expect(registries).toEqual({
      npm: 'https://npm.example.com/',
      pip: 'https://pypi.example.com/simple',
      go: 'https://go.example.com/,direct',
    });
  });

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
