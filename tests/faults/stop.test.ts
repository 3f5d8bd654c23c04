import { afterEach, describe, expect, it } from 'vitest';
import { event, step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import { turn, type ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, codegensOf, expectOneStory, type Server, type Town } from '../support/process.ts';

describe('stopping and freezing', () => {
  let town: Town;
  afterEach(() => town.stop());

  it('SIGTERM: a step that is nearly done is awaited, and the process ends with 0', async () => {
    const servers: Server[] = [];
    let code: Promise<number | null> | undefined;
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1) code ??= servers[0]!.kill('SIGTERM');
        return demoScript(request);
      },
    });
    const server = await town.start();
    servers.push(server);
    const issue = await town.comment('/nofx add a slugify helper');
    await server.saw((line) => String(line['msg']).startsWith('stopping'));
    expect(await code).toBe(0);
    const [codegen] = (await town.database.db.select().from(step)).filter(({ name }) => name === 'codegen');
    expect(codegen).toMatchObject({ status: 'succeeded', attempt: 1, failures: 0 });
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('SIGTERM: a step that is not done in 30 seconds is handed back unpunished, and the process ends with 0', async () => {
    const asked = Promise.withResolvers<void>();
    let answers = false;
    town = await buildTown({
      script: async (request: ScriptRequest) => {
        asked.resolve();
        if (!answers) await new Promise(() => {});
        return demoScript(request);
      },
    });
    const server = await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    await asked.promise;
    const told = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    const seconds = (performance.now() - told) / 1000;
    expect(seconds).toBeGreaterThan(29);
    expect(seconds).toBeLessThan(35);
    const { db } = town.database;
    const codegen = async () => (await db.select().from(step)).find(({ name }) => name === 'codegen');
    expect(await codegen()).toMatchObject({ status: 'queued', attempt: 1, failures: 0 });

    answers = true;
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    expect(await codegen()).toMatchObject({ status: 'succeeded', attempt: 2, failures: 0 });
    const events = (await db.select().from(event)).map(({ type }) => type);
    expect(events.filter((type) => type === 'step.returned' || type === 'step.retried')).toEqual(['step.returned']);
  });

  it('a worker frozen past its lease: another goes on, and the late one is refused', async () => {
    const servers: Server[] = [];
    let frozen = false;
    const isFrozen = Promise.withResolvers<void>();
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && !frozen) {
          frozen = true;
          servers[0]!.child.kill('SIGSTOP');
          isFrozen.resolve();
        }
        return demoScript(request);
      },
    });
    await town.start({ NOFX_ROLE: 'web' });
    const first = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    servers.push(first);
    const issue = await town.comment('/nofx add a slugify helper');
    await isFrozen.promise;
    const second = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    await second.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    await second.saw((line) => line['msg'] === 'step finished' && line['tool'] === 'codegen');
    first.child.kill('SIGCONT');
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    // Alone, and with room for one step: where it does another, it is done with the one it lost.
    await second.kill('SIGTERM');
    await town.comment('/nofx add another one');
    await town.ended(2);
    expect(await codegensOf(town, issue)).toEqual([2]);
  });

  it('a step that takes down every worker it gets: given up, and the run and its checks are closed', async () => {
    const servers: Server[] = [];
    let deaths = 0;
    town = await buildTown({
      script: async () => {
        deaths += 1;
        await servers.at(-1)!.kill('SIGKILL');
        return turn.text('nobody hears this');
      },
    });
    servers.push(await town.start());
    const issue = await town.comment('/nofx add a slugify helper');
    // As a supervisor would, it is started again each time; whoever starts alone takes up what was left behind.
    const watch = async () => {
      for (;;) {
        const server = servers.at(-1)!;
        await new Promise((resolve) => server.child.once('exit', resolve));
        servers.push(await town.start());
      }
    };
    void watch().catch(() => {});
    const [run] = await town.ended();
    expect(run).toMatchObject({ status: 'failed', failure: { kind: 'internal' } });
    expect(deaths).toBeGreaterThan(1);
    const checks = town.github.checkRuns('acme/text-kit');
    expect(checks.map(({ status, conclusion }) => `${status} ${conclusion}`)).toEqual(['completed failure']);
    expect(town.github.comments('acme/text-kit', issue).at(-1)?.body).toContain('given up');
  });
});
