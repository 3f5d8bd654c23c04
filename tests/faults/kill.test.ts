import { setTimeout as sleep } from 'node:timers/promises';
import { like, sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { delivery, effect, run, step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import { turn, type ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, expectOneStory, REPO, type Server, type Town } from '../support/process.ts';

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
    const next = await town.start();
    const begins = await next.saw((line) => line['msg'] === 'starting');
    const goesOn = await next.saw((line) => line['msg'] === 'step started');
    expect(next.lines.some((line) => line['msg'] === 'took up what the process before left behind')).toBe(true);
    expect(at(goesOn) - at(begins)).toBeLessThan(2_000);
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
  });

  it('of a whole machine: another one has the commit made again from the artifacts, and goes on with it', async () => {
    town = await buildTown({ script: demoScript });
    const first = await town.start({ WORKSPACE_ROOT: 'one machine' });
    const issue = await town.comment('/nofx add a slugify helper');
    await first.saw((line) => line['msg'] === 'step started' && line['tool'] === 'gate:test');
    await first.kill('SIGKILL');
    const other = await town.start({ WORKSPACE_ROOT: 'another machine' });
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    const begun = other.lines.filter(({ msg }) => msg === 'step started').map(({ tool }) => tool);
    expect(begun).toEqual(['gate:test', 'git_pr']);
    const written = (await town.database.db.select().from(step)).find(({ tool }) => tool === 'workspace:write');
    expect(town.github.pullRequests(REPO)[0]!.head.sha).toBe(written!.outputs!['sha']);
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

  it('after the branch was pushed and before we know: it is pushed to the same commit', async () => {
    town = await buildTown({ script: demoScript });
    const server = await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    const { db } = town.database;
    const head = async () => Object.entries(await town.github.branches(REPO)).find(([name]) => name !== 'main')?.[1];
    const committed = async () =>
      (await db.select().from(step)).find(({ tool }) => tool === 'workspace:write')?.outputs;
    const sha = await db.transaction(async (tx) => {
      // Whoever has this row keeps the server from writing down that it has pushed.
      const held = () => tx.select().from(effect).where(like(effect.key, 'push %')).for('update');
      while ((await held()).length === 0) await sleep(2);
      const written = (await committed())!['sha'];
      while ((await head()) !== written) await held();
      await server.kill('SIGKILL');
      // What it has asked for and waits for would else be done without it.
      await tx.execute(
        sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return written;
    });
    expect(await db.select().from(effect).where(like(effect.key, 'push %'))).toMatchObject([{ doneAt: null }]);
    await town.start();
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    expect(await head()).toBe(sha);
  });

  it('between the run of a gate on the base and what follows from it: it is not run there again', async () => {
    town = await buildTown({
      script: ({ turn: at }: ScriptRequest) =>
        at === 0 ? turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' }) : turn.text('Done.'),
    });
    const repo = 'acme/red';
    const files = {
      '.github/nofx.yml': 'gates:\n  test: "test -e notes.md || sleep 1; echo error in everything; exit 1"\n',
    };
    await town.github.createRepository({ owner: 'acme', name: 'red', files, collaborators: { mona: 'write' } });
    const server = await town.start();
    const { number: issue } = await town.github.openIssue({ repo, title: 'Notes', body: '', by: 'mona' });
    await town.github.comment({ repo, issue, body: '/nofx add notes', by: 'mona' });
    const { db } = town.database;
    const onBase = () => db.select().from(effect).where(like(effect.key, 'base:%'));
    await db.transaction(async (tx) => {
      while ((await onBase()).length === 0) await sleep(2);
      // Whoever has this row so keeps the server from ending a step, and from nothing else.
      await tx.select().from(run).for('no key update');
      while ((await onBase())[0]!.doneAt === null) await sleep(5);
      await server.kill('SIGKILL');
      await tx.execute(
        sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
    });
    const gate = async () => (await db.select().from(step)).find(({ tool }) => tool === 'gate:test');
    expect(await gate()).toMatchObject({ status: 'running', attempt: 1 });
    const next = await town.start();
    const [ended] = await town.ended();
    expect(ended).toMatchObject({ status: 'succeeded' });
    expect(await gate()).toMatchObject({ status: 'neutral', attempt: 2, outputs: { base: { compared: 'same' } } });
    expect(next.lines.some(({ msg }) => msg === 'a gate is run on the base')).toBe(false);
    expect(town.github.pullRequests(repo).map(({ draft }) => draft)).toEqual([true]);
  });

  it('of one of two workers: the other takes the step over when the lease runs out, within 15 s', async () => {
    const workers: Server[] = [];
    const atIt = () => workers.find(({ lines }) => lines.some(({ msg }) => msg === 'step started'))!;
    const kill = killWhen(atIt);
    town = await buildTown({
      script: (request: ScriptRequest) => {
        if (request.turn === 1) kill.now();
        return demoScript(request);
      },
    });
    await town.start({ NOFX_ROLE: 'web' });
    // Both are there before: one that comes when there is no other need not wait for any lease.
    for (let count = 0; count < 2; count += 1)
      workers.push(await town.start({ NOFX_ROLE: 'worker', NOFX_STEP_CONCURRENCY: '1' }));
    const issue = await town.comment('/nofx add a slugify helper');
    await kill.dead;
    const killedAt = Date.now();
    const other = workers.find((worker) => worker !== atIt())!;
    const takenOver = await other.saw((line) => line['msg'] === 'step started' && line['attempt'] === 2);
    expect(at(takenOver) - killedAt).toBeLessThan(15_000);
    expect(other.lines.some(({ msg }) => msg === 'took up what the process before left behind')).toBe(false);
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

/** When a line of the log was written. */
const at = ({ time }: Record<string, unknown>): number => Date.parse(String(time));

async function jobs(db: Town['database']['db']): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(
    sql`select count(*)::int as count from pgboss.job where name = 'delivery'`,
  );
  return rows[0]!.count;
}
