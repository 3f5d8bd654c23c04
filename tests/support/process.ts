import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDb, type Database, type DatabaseOptions } from '../../src/db/client.ts';
import { event, run, step } from '../../src/db/schema.ts';
import { createGitHubStandIn, type GitHubStandIn } from '../../src/playground/github-stand-in.ts';
import { createScriptedModel, type ScriptedModel, type Scripts } from '../../src/playground/model.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import { freshDatabaseOptions } from './database.ts';
import { compareHistory } from './history.ts';
import { NPM_START } from './npm-start.ts';

const SECRET = 'a secret for tests';
export const REPO = 'acme/text-kit';

/** One NOFX process, as an operator runs it. */
export type Server = {
  child: ChildProcess;
  /** log lines so far */
  lines: Record<string, unknown>[];
  /** Resolves with the first line, past or future, that fits. */
  saw(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

export type Town = {
  github: GitHubStandIn;
  model: ScriptedModel;
  database: Database;
  /** Starts a process; webhooks go to the newest that takes them. */
  start(environment?: Record<string, string>): Promise<Server>;
  comment(body: string, issue?: number): Promise<number>;
  /** Waits until that many runs have ended and no job is left. */
  ended(count?: number): Promise<(typeof run.$inferSelect)[]>;
  stop(): Promise<void>;
};

/** GitHub, a model and a Postgres to start, kill and freeze NOFX processes in. Everything but GitHub and the model is real. */
export async function buildTown(options: { script: Scripts; database?: DatabaseOptions }): Promise<Town> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nofx-town-'));
  const github = await createGitHubStandIn();
  const model = await createScriptedModel({ script: options.script });
  const where = options.database ?? (await freshDatabaseOptions());
  if (where.kind !== 'postgres') throw new Error('several processes need the Postgres lane');
  const database = await openDb(where);
  await github.createRepository({
    owner: 'acme',
    name: 'text-kit',
    files: await sampleFiles(),
    collaborators: { mona: 'write' },
  });
  const servers: Server[] = [];
  let stopped = false;

  const start = async (environment: Record<string, string> = {}) => {
    // Whoever starts again what ended, as a supervisor would, need not know that the test is over.
    if (stopped) throw new Error('The town is no more.');
    const child = spawn('sh', NPM_START.shell, {
      cwd: dataDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        APP_ID: String(github.app.id),
        PRIVATE_KEY: github.app.privateKey,
        WEBHOOK_SECRET: SECRET,
        GHE_HOST: github.host,
        GHE_PROTOCOL: 'http',
        ANTHROPIC_API_KEY: 'canned-key',
        ANTHROPIC_BASE_URL: model.url,
        NOFX_DATA_DIR: join(dataDir, 'data'),
        NOFX_ARTIFACTS_DIR: join(dataDir, 'artifacts'),
        DATABASE_URL: where.url,
        PORT: '0',
        ...environment,
      },
    });
    const server = watch(child);
    servers.push(server);
    const ready = await server.saw((line) => line['msg'] === 'ready');
    if (environment['NOFX_ROLE'] !== 'worker') github.setWebhook({ url: String(ready['webhooks']), secret: SECRET });
    return server;
  };

  return {
    github,
    model,
    database,
    start,
    async comment(body, issue) {
      const number =
        issue ?? (await github.openIssue({ repo: REPO, title: 'Add a slugify helper', body: '', by: 'mona' })).number;
      await github.comment({ repo: REPO, issue: number, body, by: 'mona' });
      return number;
    },
    async ended(count = 1) {
      for (;;) {
        const rows = await database.db
          .select()
          .from(run)
          .catch(() => []);
        if (rows.length >= count && rows.every(({ endedAt }) => endedAt !== null) && (await idle(database)))
          return rows;
        await sleep(50);
      }
    },
    async stop() {
      stopped = true;
      github.setWebhook(null);
      await Promise.all(servers.map((server) => server.kill('SIGKILL')));
      await database.close();
      await model.stop();
      await github.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function idle({ db }: Database): Promise<boolean> {
  const { rows } = await db
    .execute("select count(*)::int as jobs from pgboss.job where state in ('created', 'retry', 'active')")
    .catch(() => ({ rows: [{ jobs: 1 }] }));
  return rows[0]!['jobs'] === 0;
}

function watch(child: ChildProcess): Server {
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const take = (text: string) => {
    try {
      lines.push(JSON.parse(text) as Record<string, unknown>);
    } catch {
      lines.push({ msg: text });
    }
    for (const look of waiting) look();
  };
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', take);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    lines,
    saw: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void exited.then((code) => {
          // What it said last may still be on its way through the pipe.
          setTimeout(
            () => reject(new Error(`The process ended (${code}): ${lines.map(({ msg }) => msg).join('\n')}`)),
            200,
          );
        });
      }),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGCONT');
      child.kill(signal);
      return exited;
    },
  };
}

/** The attempts that ended the codegen of the run on an issue: one, whoever woke up late. */
export async function codegensOf({ database: { db } }: Town, issue: number): Promise<unknown[]> {
  const own = (await db.select().from(run)).find(({ source }) => source.issue?.number === issue);
  return (await db.select().from(event))
    .filter(
      ({ runId, type, payload }) => runId === own!.id && type === 'step.finished' && payload['name'] === 'codegen',
    )
    .map(({ payload }) => payload['attempt']);
}

/** What must be true whatever happened: one pull request, one comment, no check left open, every event numbered, nothing on main. */
export async function expectOneStory(town: Town, issue: number): Promise<string[]> {
  const { github, database } = town;
  const problems: string[] = [];
  const pulls = github.pullRequests(REPO);
  if (pulls.length !== 1) problems.push(`${pulls.length} pull requests`);
  const comments = github.comments(REPO, issue).filter(({ user }) => user?.login === 'nofx[bot]');
  if (comments.length !== 1) problems.push(`${comments.length} comments`);
  if (!comments[0]?.body?.includes('NOFX finished')) problems.push(`the comment says: ${comments[0]?.body}`);
  const checks = github.checkRuns(REPO);
  for (const check of checks) if (check.status !== 'completed') problems.push(`${check.name} is ${check.status}`);
  const keys = checks.map(({ head_sha, external_id }) => `${head_sha} ${external_id}`);
  if (new Set(keys).size !== keys.length) problems.push('two checks of one kind');
  const branches = Object.keys(await github.branches(REPO)).filter((name) => name !== 'main');
  if (branches.length !== 1) problems.push(`branches: ${branches.join(', ')}`);
  const events = await database.db.select().from(event).orderBy(event.seq);
  const steps = await database.db.select().from(step);
  for (const one of await database.db.select().from(run)) {
    const mine = <Row extends { runId: string }>(rows: Row[]) => rows.filter(({ runId }) => runId === one.id);
    problems.push(...compareHistory(one, mine(steps), mine(events)));
  }
  const seqs = events.map(({ seq }) => seq).sort((a, b) => a - b);
  if (seqs.some((seq, index) => seq !== index + 1)) problems.push(`event numbers: ${seqs.join(' ')}`);
  const ends = events.filter(({ type }) =>
    ['run.succeeded', 'run.failed', 'run.neutral', 'run.cancelled'].includes(type),
  );
  if (ends.length !== 1 || ends[0]!.type !== 'run.succeeded')
    problems.push(`ends: ${ends.map(({ type }) => type).join(', ')}`);
  return problems;
}
