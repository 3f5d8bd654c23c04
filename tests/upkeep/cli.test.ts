import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from './engine.ts';

const CLI = resolve(import.meta.dirname, '../../src/cli.ts');
const PRIVATE_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

// Beside a server on the embedded database, and on that when it is free: tests/app/process.test.ts.
describe('npm run nofx, on postgres', () => {
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    engine = await startEngine();
    folder = await mkdtemp(join(tmpdir(), 'nofx-cli-'));
  });
  afterAll(async () => {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const nofx = (...args: string[]) =>
    execa(process.execPath, [CLI, ...args], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        HOME: folder,
        APP_ID: '1',
        PRIVATE_KEY,
        WEBHOOK_SECRET: 'a secret for tests',
        NOFX_DATA_DIR: join(folder, 'data'),
        ...(engine.link.kind === 'postgres' ? { DATABASE_URL: engine.link.url } : {}),
      },
    });

  it('helps, and says what is wrong with what it does not understand', async () => {
    expect(await nofx('--help')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('dead redrive <id>') });
    expect(await nofx()).toMatchObject({ exitCode: 2 });
    expect(await nofx('deaf', 'list')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"deaf list"') });
  });

  it('lists and drives dead letters beside a running server', async () => {
    const run = await engine.open(['a']);
    expect((await nofx('runs', 'list')).stdout).toContain(run.id);
    await engine.db.transaction((tx) => engine.queue.enqueue(tx, 'dead', { guid: 'dead-by-cli' }));
    const listed = await nofx('dead', 'list');
    expect(listed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('dead-by-cli') });
    expect(await nofx('dead', 'redrive', listed.stdout.slice(0, 36))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Try again in a minute'),
    });
    expect(await nofx('dead', 'redrive')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('dead list') });
    expect((await nofx('retention')).stdout).toContain('Removed 0 runs');
  });
});
