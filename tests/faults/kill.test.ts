import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { delivery } from '../../src/db/schema.ts';
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
    const servers: Server[] = [];
    const kill = killWhen(() => servers[0]!);
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1) kill.now();
        return demoScript(request);
      },
    });
    servers.push(await town.start());
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
    const servers: Server[] = [];
    const kill = killWhen(() => servers[0]!);
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
    servers.push(await town.start());
    const issue = await town.comment('/nofx add a slugify helper');
    await kill.dead;
    clearInterval(stop);
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('of one of two workers: the other takes the step over when the lease runs out', async () => {
    const servers: Server[] = [];
    const kill = killWhen(() => servers[0]!);
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
    const first = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    servers.push(first);
    const issue = await town.comment('/nofx add a slugify helper');
    await first.saw((line) => line['msg'] === 'step started');
    const second = await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' });
    await kill.dead;
    await second.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('between a delivery and its job: neither is kept, and what GitHub sends again is worked on', async () => {
    town = await buildTown({ script: demoScript });
    const { db } = town.database;
    const web = await town.start({ NOFX_ROLE: 'web' });
    /** The web process has stored the delivery and waits to store its job. */
    const between = async (tx: Pick<typeof db, 'execute'>) =>
      (
        await tx.execute(sql`select from pg_locks stored join pg_locks wanted using (pid)
          where stored.relation = 'nofx.delivery'::regclass and stored.mode = 'RowExclusiveLock' and not wanted.granted`)
      ).rows.length > 0;
    const asked = await db.transaction(async (tx) => {
      await tx.execute(sql`lock table pgboss.job in share row exclusive mode`);
      const issue = town.comment('/nofx add a slugify helper');
      while (!(await between(tx)) && (await db.$count(delivery)) === 0) await sleep(20);
      await web.kill('SIGKILL');
      return { issue: await issue };
    });
    await town.github.settled();
    expect(await db.$count(delivery)).toBe(0);
    expect(await jobs(db)).toBe(0);

    await town.start();
    const [lost] = town.github.deliveries();
    expect(lost!.statusCode).not.toBe(202);
    await town.github.redeliver(lost!.id);
    await town.ended();
    expect(await expectOneStory(town, asked.issue)).toEqual([]);
  });
});

async function jobs(db: Town['database']['db']): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(
    sql`select count(*)::int as count from pgboss.job where name = 'delivery'`,
  );
  return rows[0]!.count;
}
