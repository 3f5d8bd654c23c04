import { afterEach, describe, expect, it } from 'vitest';
import { event, step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import { turn, type ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, expectOneStory, type Server, type Town } from '../support/process.ts';

describe('stopping and freezing', () => {
  let town: Town;
  afterEach(() => town.stop());

  it('SIGTERM: a step that is nearly done is awaited, and the process ends with 0', async () => {
    let server: Server;
    let code: Promise<number | null> | undefined;
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1) code ??= server.kill('SIGTERM');
        return demoScript(request);
      },
    });
    server = await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    await server.saw((line) => String(line['msg']).startsWith('stopping'));
    expect(await code).toBe(0);
    const [codegen] = (await town.database.db.select().from(step)).filter(({ name }) => name === 'codegen');
    expect(codegen).toMatchObject({ status: 'succeeded', attempt: 1, failures: 0 });
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('a worker frozen past its lease: another goes on, and the late one is refused', async () => {
    let first: Server;
    let frozen = false;
    const isFrozen = Promise.withResolvers<void>();
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && !frozen) {
          frozen = true;
          first.child.kill('SIGSTOP');
          isFrozen.resolve();
        }
        return demoScript(request);
      },
    });
    await town.start({ NOFX_ROLE: 'web' });
    first = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    const issue = await town.comment('/nofx add a slugify helper');
    await isFrozen.promise;
    const second = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    await second.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    await second.saw((line) => line['msg'] === 'step finished' && line['tool'] === 'codegen');
    first.child.kill('SIGCONT');
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    const finished = (await town.database.db.select().from(event)).filter(({ type }) => type === 'step.finished');
    expect(
      finished.filter(({ payload }) => payload['name'] === 'codegen').map(({ payload }) => payload['attempt']),
    ).toEqual([2]);
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
    // A web process stays alive beside it, so that nobody takes the dead one's job for its own at the start.
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
