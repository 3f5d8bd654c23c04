import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, codegensOf, expectOneStory, type Server, type Town } from '../support/process.ts';

/** The environment of a process that loads one of `tests/support/preload` before anything else. */
const preload = (file: string) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(fileURLToPath(new URL(`../support/preload/${file}`, import.meta.url))).href}`,
});
const WORKER = { NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' };
const MINUTES = 60_000;

describe('time is not what it should be', () => {
  let town: Town;
  afterEach(() => town.stop());

  it('a worker whose event loop is blocked for 30 seconds: another goes on, and the late one is refused', async () => {
    const servers: Server[] = [];
    const blocked = Promise.withResolvers<void>();
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && servers.length === 1) {
          servers[0]!.child.kill('SIGUSR2');
          blocked.resolve();
        }
        return demoScript(request);
      },
    });
    await town.start({ NOFX_ROLE: 'web' });
    servers.push(await town.start({ ...WORKER, ...preload('block.ts') }));
    const issue = await town.comment('/nofx add a slugify helper');
    await blocked.promise;
    servers.push(await town.start(WORKER));
    await servers[1]!.saw((line) => line['msg'] === 'step finished' && line['tool'] === 'codegen');
    await servers[0]!.saw((line) => line['msg'] === 'the event loop goes on');
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    // Alone, and with room for one step: where it does another, it is done with the one it lost.
    await servers[1]!.kill('SIGTERM');
    await town.comment('/nofx add another one');
    const runs = await town.ended(2);
    expect(runs.map(({ status, failure }) => failure?.message ?? status)).toEqual(['succeeded', 'succeeded']);
    expect(await codegensOf(town, issue)).toEqual([2]);
  });

  it('the clocks of two workers are twenty minutes apart: leases go by the database, neither early nor late', async () => {
    const servers: Server[] = [];
    let kill = false;
    town = await buildTown({
      script: async (request: ScriptRequest) => {
        if (kill && request.turn === 1) {
          kill = false;
          const at = (await town.database.db.select().from(step)).find(({ status }) => status === 'running');
          expect(at).toBeDefined();
          await servers[0]!.kill('SIGKILL');
          killedAt = performance.now();
        }
        return demoScript(request);
      },
    });
    let killedAt = 0;
    const clock = (shift: number) => ({ ...preload('clock.ts'), NOFX_TEST_CLOCK_MS: String(shift) });
    await town.start({ NOFX_ROLE: 'web', ...clock(10 * MINUTES) });
    servers.push(await town.start({ ...WORKER, ...clock(-10 * MINUTES) }));
    const issue = await town.comment('/nofx add a slugify helper');
    // One that is ahead finds nothing abandoned, though by its clock all is ten minutes old and more.
    const ahead = await town.start({ ...WORKER, ...clock(10 * MINUTES) });
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    expect((await town.database.db.select().from(step)).map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);

    // One that is killed is found out by the one that is behind, or ahead, as soon as by any other.
    await ahead.kill('SIGTERM');
    kill = true;
    await town.comment('/nofx add another one');
    while (killedAt === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const other = await town.start({ ...WORKER, ...clock(10 * MINUTES) });
    await other.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    const runs = await town.ended(2);
    expect(runs.map(({ status, failure }) => failure?.message ?? status)).toEqual(['succeeded', 'succeeded']);
    for (const { startedAt, endedAt } of runs)
      expect(endedAt!.getTime() - startedAt!.getTime()).toBeLessThan(5 * MINUTES);
  });
});
