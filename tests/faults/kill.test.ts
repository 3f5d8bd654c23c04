import { afterEach, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, expectOneStory, type Server, type Town } from '../support/process.ts';

/** A process is killed the moment the outside world has been changed and before it hears of it. */
describe('kill -9', () => {
  let town: Town;
  afterEach(() => town.stop());

  /** Kills the server as soon as `happens` says so, once; resolves when it is dead. */
  const killWhen = (server: () => Server) => {
    const dead = Promise.withResolvers<void>();
    let done = false;
    return {
      dead: dead.promise,
      now() {
        if (done) return;
        done = true;
        void server()
          .kill('SIGKILL')
          .then(() => dead.resolve());
      },
    };
  };

  it("in the middle of the model's work: the next process goes on, and the run ends once", async () => {
    let server: Server;
    const kill = killWhen(() => server);
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1) kill.now();
        return demoScript(request);
      },
    });
    server = await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    await kill.dead;
    const restarted = Date.now();
    const next = await town.start();
    await next.saw((line) => line['msg'] === 'step started');
    expect(next.lines.some((line) => line['msg'] === 'took up what the process before left behind')).toBe(true);
    expect(Date.now() - restarted).toBeLessThan(15_000); // a bound on hanging, not a measurement
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it.each([
    ['the comment', 'POST', /\/issues\/\d+\/comments$/],
    ['a check run', 'POST', /\/check-runs$/],
    ["the marker's branch", 'POST', /\/git\/refs$/],
    ['the pull request', 'POST', /\/pulls$/],
  ])('after GitHub has made %s and before we know: there is one', async (_, method, path) => {
    let server: Server;
    const kill = killWhen(() => server);
    town = await buildTown({ script: demoScript });
    // The effect stands; the answer never comes.
    town.github.failNext({ method, path, status: 0, afterEffect: true, times: 1 });
    const stop = setInterval(() => {
      if (
        town.github
          .requests()
          .some((exchange) => exchange.method === method && path.test(exchange.path) && exchange.faulted)
      )
        kill.now();
    }, 2);
    server = await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    await kill.dead;
    clearInterval(stop);
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('of one of two workers: the other takes the step over when the lease runs out', async () => {
    let first: Server;
    const kill = killWhen(() => first);
    let killed = false;
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && !killed) {
          killed = true;
          kill.now();
        }
        return demoScript(request);
      },
    });
    await town.start({ NOFX_ROLE: 'web' });
    first = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    const issue = await town.comment('/nofx add a slugify helper');
    await first.saw((line) => line['msg'] === 'step started');
    const second = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    await kill.dead;
    await second.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });
});
