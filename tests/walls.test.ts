import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The walls hold only if the linter sees them: one run of the real oxlint, with the real configuration, over a copy of
 * the house in which every wall is broken once, and every door used once.
 */
const root = resolve(import.meta.dirname, '..');

const room = 'no-restricted-imports';
const violations: [file: string, code: string, rule: string][] = [
  ['src/domain/a.ts', `import fs from 'node:fs';`, room],
  ['src/domain/b.ts', `import { x } from '../errors.ts';`, room],
  ['src/domain/c.ts', `import type { x } from '../github/port.ts';`, room],
  ['src/domain/d.ts', `import { Hono } from 'hono';`, room],
  ['src/github/a.ts', `import { x } from '../workspace/port.ts';`, room],
  ['src/github/b.ts', `import type { x } from '../workspace/manager.ts';`, room],
  ['src/github/c.ts', `import { x } from '../db/client.ts';`, room],
  ['src/github/d.ts', `export * from '../runs/open-run.ts';`, room],
  ['src/workspace/a.ts', `import { x } from '../github/client.ts';`, room],
  ['src/workspace/b.ts', `import { simpleGit } from 'simple-git';`, room],
  ['src/workspace/git-c.ts', `import { x } from '../agent/loop.ts';`, room],
  ['src/agent/a.ts', `import { x } from '../workspace/process.ts';`, room],
  ['src/agent/b.ts', `import { spawn } from 'node:child_process';`, room],
  ['src/agent/c.ts', `const { execa } = await import('execa');`, room],
  ['src/artifacts/a.ts', `import { x } from '../db/artifacts.ts';`, room],
  ['src/knowledge/a.ts', `import { x } from '../runs/retry.ts';`, room],
  ['src/db/a.ts', `import { x } from '../queue/boss.ts';`, room],
  ['src/queue/a.ts', `import { x } from '../runs/retry.ts';`, room],
  ['src/queue/b.ts', `import { PGlite } from '@electric-sql/pglite';`, room],
  ['src/handlers/a.ts', `import { x } from '../workspace/port.ts';`, room],
  ['src/handlers/b.ts', `import { x } from '../runs/retry.ts';`, room],
  ['src/handlers/c.ts', `import { x } from '../db/steps.ts';`, room],
  ['src/runs/a.ts', `import { x } from '../github/comments.ts';`, room],
  ['src/runs/b.ts', `import { x } from '../http/server.ts';`, room],
  ['src/runs/c.ts', `import { PgBoss } from 'pg-boss';`, room],
  ['src/upkeep/a.ts', `import { x } from '../http/server.ts';`, room],
  ['src/upkeep/b.ts', `import { x } from '../github/deliveries.ts';`, room],
  ['src/upkeep/c.ts', `import { PgBoss } from 'pg-boss';`, room],
  ['src/runs/f.ts', `import { x } from '../upkeep/reap-runs.ts';`, room],
  ['src/conversation/a.ts', `import { x } from '../github/comments.ts';`, room],
  ['src/conversation/b.ts', `import { x } from '../http/server.ts';`, room],
  ['src/api/a.ts', `import { x } from '../http/server.ts';`, room],
  ['src/api/b.ts', `import { x } from '../github/client.ts';`, room],
  ['src/api/c.ts', `import { x } from '../conversation/retry.ts';`, room],
  ['src/first-run/a.ts', `import { x } from '../github/index.ts';`, room],
  ['src/pages/c.ts', `import { x } from '../first-run/first-run.ts';`, room],
  ['src/pages/a.ts', `import { x } from '../http/server.ts';`, room],
  ['src/pages/b.ts', `import { jwtVerify } from 'jose';`, room],
  ['src/api/d.ts', `import { x } from '../pages/pages.ts';`, room],
  ['src/runs/h.ts', `import { x } from '../api/api.ts';`, room],
  ['src/http/o.ts', `import { jwtVerify } from 'jose';`, room],
  ['src/http/a.ts', `import { x } from '../handlers/registry.ts';`, room],
  ['src/http/b.ts', `import { x } from '../github/client.ts';`, room],
  ['src/http/c.ts', `import Anthropic from '@anthropic-ai/sdk';`, room],
  ['src/runs/f.ts', `import { appendEvents } from '../db/events.ts';`, room],
  ['src/runs/g.ts', `import { createOutbound } from '../outbound/outbound.ts';`, room],
  ['src/outbound/a.ts', `import { x } from '../db/messages.ts';`, room],
  ['src/outbound/b.ts', `import { x } from '../outbox/deliver.ts';`, room],
  ['src/outbox/a.ts', `import { x } from '../outbound/outbound.ts';`, room],
  ['src/outbox/b.ts', `import { x } from '../runs/open-run.ts';`, room],
  ['src/outbox/c.ts', `import { Client } from 'undici';`, room],
  ['src/outbox/d.ts', `import { appendEvents } from '../db/events.ts';`, room],
  ['src/github/e.ts', `import { Webhook } from 'standardwebhooks';`, room],
  ['src/runs/d.ts', `import { x } from '../playground/github.ts';`, room],
  ['src/runs/e.ts', `import { x } from '../main.ts';`, room],
  ['src/app.ts', `import { x } from './workspace/manager.ts';`, room],
  ['src/config.ts', `import { x } from './db/client.ts';`, room],
  ['src/main.ts', `import { execa } from 'execa';`, room],
  ['src/playground/a.ts', `import { simpleGit } from 'simple-git';`, room],
  ['src/http/d.ts', `import { createClient } from '@supabase/supabase-js';`, room],
  ['src/http/e.ts', `import { ChromaClient } from 'chromadb';`, room],
  ['src/telemetry/a.ts', `import { x } from '../db/runs.ts';`, room],
  ['src/telemetry/b.ts', `import { x } from '../agent/agent.ts';`, room],
  ['src/runs/f.ts', `import { Counter } from 'prom-client';`, room],
  ['src/agent/d.ts', `import { trace } from '@opentelemetry/api';`, room],
  ['src/github/e.ts', `import { noteWork } from '../telemetry/work.ts';`, room],
  ['src/http/f.ts', `import { env } from 'node:process';`, room],
  ['src/http/g.ts', `export const home = process.env.HOME;`, 'no-process-env'],
  ['src/http/h.ts', `export const { env } = process;`, 'no-restricted-properties'],
  ['src/playground/b.ts', `export const home = process.env['HOME'];`, 'no-process-env'],
  ['src/http/i.ts', `console.log('hello');`, 'no-console'],
  ['src/http/j.ts', `const later = async () => 1; later();`, 'no-floating-promises'],
  [
    'src/http/k.ts',
    `const later = async () => true; if (later()) { throw new Error('always'); }`,
    'no-misused-promises',
  ],
  ['src/http/l.ts', `const now = 1; await now;`, 'await-thenable'],
  ['src/http/m.ts', `export const x: any = 1;`, 'no-explicit-any'],
  ['src/http/n.ts', 'export {};\n'.repeat(301), 'max-lines'],
  ['tests/a.test.ts', `import { vi } from 'vitest'; vi.mock('../src/app.ts');`, 'no-restricted-vi-methods'],
];

const allowed: [file: string, code: string][] = [
  ['src/domain/ok.ts', `export { z } from 'zod'; export * from './plan.ts'; export { createHash } from 'node:crypto';`],
  ['src/github/ok.ts', `export type { x } from '../workspace/port.ts'; export * from '../errors.ts';`],
  ['src/github/ok2.ts', `import type { Logger } from '../log.ts'; export type L = Logger;`],
  ['src/workspace/git-ok.ts', `export { simpleGit } from 'simple-git'; export { execa } from 'execa';`],
  ['src/workspace/ok.ts', `export { spawn } from 'node:child_process'; export * from '../domain/plan.ts';`],
  ['src/artifacts/ok.ts', `export { createClient } from '@supabase/supabase-js';`],
  ['src/agent/ok.ts', `export { default } from '@anthropic-ai/sdk';`],
  ['src/queue/ok.ts', `export { PgBoss } from 'pg-boss'; export * from '../db/client.ts';`],
  ['src/telemetry/ok.ts', `export { Registry } from 'prom-client'; export { trace } from '@opentelemetry/api';`],
  [
    'src/telemetry/ok2.ts',
    `import type { x } from '../agent/port.ts'; export type { x }; export * from '../domain/plan.ts';`,
  ],
  ['src/http/ok2.ts', `import type { x } from '../telemetry/port.ts'; export type { x };`],
  ['src/handlers/ok.ts', `import type { x } from '../agent/port.ts'; export type { x };`],
  ['src/runs/ok.ts', `export * from '../handlers/registry.ts'; export * from '../queue/boss.ts';`],
  ['src/runs/ok2.ts', `export * from '../outbox/deliver.ts'; export type { NewEvent } from '../db/events.ts';`],
  ['src/outbound/ok.ts', `export { Client } from 'undici'; export { Webhook } from 'standardwebhooks';`],
  ['src/outbox/ok.ts', `export * from '../queue/boss.ts'; export type { x } from '../outbound/port.ts';`],
  ['src/outbox/publish.ts', `export { appendEvents } from '../db/events.ts';`],
  ['src/upkeep/ok.ts', `export * from '../runs/open-run.ts'; export * from '../queue/orphans.ts';`],
  [
    'src/api/ok.ts',
    `export * from '../runs/open-run.ts'; export * from '../db/runs.ts'; export { jwtVerify } from 'jose';`,
  ],
  ['src/api/ok2.ts', `import type { x } from '../github/port.ts'; export type { x };`],
  ['src/pages/ok.ts', `export * from '../api/access.ts'; export * from '../db/runs.ts';`],
  ['src/http/ok.ts', `export * from '../runs/open-run.ts'; export * from '../db/runs.ts';`],
  [
    'src/nofx.ts',
    `export * from './log.ts'; export * from './workspace/manager.ts'; export * from './playground/x.ts';`,
  ],
  ['src/playground/ok.ts', `export * from '../main.ts'; export { execa } from 'execa'; console.log('story');`],
  ['bench/ok.ts', `export * from '../src/playground/github.ts'; console.log(process.env.HOME);`],
];

type Finding = { filename: string; code: string; severity: string };
const findings = new Map<string, string[]>();
let house: string;

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'nofx-walls-'));
  for (const file of ['oxlint.config.ts', 'tsconfig.json', 'package.json']) {
    await copyFile(join(root, file), join(house, file));
  }
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const [file, code] of [...violations, ...allowed]) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), `${code}\n`);
  }

  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const run = await execa(process.execPath, [oxlint, '--type-aware', '--format=json', 'src', 'tests', 'bench'], {
    cwd: house,
    reject: false,
  });
  for (const { filename, code } of (JSON.parse(run.stdout) as { diagnostics: Finding[] }).diagnostics) {
    findings.set(filename, [...(findings.get(filename) ?? []), code]);
  }
});

afterAll(() => rm(house, { recursive: true, force: true }));

describe('a broken wall goes red', () => {
  it.each(violations)('%s: %s', (file, _code, rule) => {
    expect(findings.get(file) ?? []).toContainEqual(expect.stringContaining(`(${rule})`));
  });
});

describe('a door stays open', () => {
  it.each(allowed)('%s: %s', (file) => {
    expect(findings.get(file) ?? []).toEqual([]);
  });
});
