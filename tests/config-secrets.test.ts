import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redacted, secretsOf } from '../src/config.ts';
import { app, load, pkcs8 } from './support/config.ts';

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
