import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { NPM_START } from '../support/npm-start.ts';
import { buildTown, expectOneStory, type Server, type Town } from '../support/process.ts';

describe('a boot loop', () => {
  let town: Town;
  afterEach(() => town.stop());

  /** Starts a process that cannot come up; gives what it said and its exit code. */
  const startInVain = async (environment: Record<string, string>) => {
    const child = spawn('sh', NPM_START.shell, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: '0', ...environment },
    });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    return { code: code as number | null, said };
  };

  it('burns no attempt of a step that was left behind: the first good process finishes the run', async () => {
    const servers: Server[] = [];
    const dead = Promise.withResolvers<void>();
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && servers.length === 1 && !servers[0]!.child.killed)
          void servers[0]!.kill('SIGKILL').then(() => dead.resolve());
        return demoScript(request);
      },
    });
    servers.push(await town.start());
    const issue = await town.comment('/nofx add a slugify helper');
    await dead.promise;
    const before = await town.database.db.select().from(step);
    expect(before.map(({ attempt }) => attempt).sort((a, b) => a - b)).toEqual([0, 0, 0, 1]);

    const { link } = town.database;
    const url = new URL(link.kind === 'postgres' ? link.url : '');
    url.password = 'not-the-password';
    const app = {
      APP_ID: '1',
      PRIVATE_KEY: town.github.app.privateKey,
      WEBHOOK_SECRET: 'a secret for tests',
      GHE_HOST: town.github.host,
      GHE_PROTOCOL: 'http',
    };
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    for (let time = 0; time < 3; time += 1) {
      const misspelt = await startInVain({ ...app, DATABASE_URL: url.href, NOFX_STEP_CONCURRENCY: 'zero' });
      expect(misspelt).toMatchObject({ code: 1, said: expect.stringContaining('NOFX_STEP_CONCURRENCY: must be') });
      const locked = await startInVain({ ...app, DATABASE_URL: url.href });
      expect(locked).toMatchObject({ code: 1, said: expect.stringContaining('NOFX cannot start') });
      expect(locked.said).not.toContain('not-the-password');
      const late = await startInVain({ ...app, DATABASE_URL: link.kind === 'postgres' ? link.url : '', PORT: taken });
      expect(late).toMatchObject({ code: 1, said: expect.stringContaining('EADDRINUSE') });
    }
    other.close();
    expect(await town.database.db.select().from(step)).toEqual(before);

    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    const after = await town.database.db.select().from(step);
    expect(after.every(({ attempt, failures }) => attempt <= 2 && failures === 0)).toBe(true);
  });
});
