import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGitHubStandIn } from '../src/playground/github-stand-in.ts';
import { createScriptedModel, turn } from '../src/playground/model.ts';
import { NPM_START } from '../tests/support/npm-start.ts';
import { spread, type Spread } from './stats.ts';

/** Resident size in MB: of a process that has nothing to do, and of one with its runs under way. */
export type MemoryFigures = { database: string; atWork: number; idle: Spread; inFlight: Spread };

const SECRET = 'a secret for the benchmark';
const REPOSITORIES = 10;
const PASSWORD = 'a password for the benchmark';
/** Steps at work unless told otherwise, and as many as a process may have. The other runs wait for their turn. */
export const AT_WORK = { usual: 2, most: 64 };

/** What `npm start` takes, in processes of their own, with a model that is never done. */
export async function measureMemory(options: {
  name: string;
  postgresUrl: (() => Promise<string>) | null;
  runs: number;
  rounds: number;
  atWork: number;
}): Promise<MemoryFigures> {
  const rounds = { idle: [] as number[], inFlight: [] as number[] };
  for (let round = 0; round < options.rounds; round += 1) {
    const { idle, inFlight } = await measureOnce(options, (await options.postgresUrl?.()) ?? null);
    rounds.idle.push(idle);
    rounds.inFlight.push(inFlight);
  }
  return {
    database: options.name,
    atWork: options.atWork,
    idle: spread(rounds.idle),
    inFlight: spread(rounds.inFlight),
  };
}

async function measureOnce(
  { runs, atWork }: { runs: number; atWork: number },
  postgresUrl: string | null,
): Promise<{ idle: number; inFlight: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'nofx-bench-'));
  const github = await createGitHubStandIn();
  const model = await createScriptedModel({ script: () => turn.text('And then '.repeat(2_000), { delayMs: 1_000 }) });
  const child = spawn('sh', NPM_START.shell, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
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
      NOFX_DATA_DIR: folder,
      ADMIN_PASSWORD: PASSWORD,
      NOFX_STEP_CONCURRENCY: String(atWork),
      NOFX_MODEL_CONCURRENCY: String(Math.max(atWork, 4)),
      PORT: '0',
      ...(postgresUrl !== null && { DATABASE_URL: postgresUrl }),
    },
  });
  try {
    const started = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, webhooks } = JSON.parse(line) as Record<string, unknown>;
      if (msg === 'ready') started.resolve(String(webhooks));
    });
    void once(child, 'exit').then(([code]) => started.reject(new Error(`NOFX ended with ${String(code)}`)));
    const webhooks = await started.promise;
    github.setWebhook({ url: webhooks, secret: SECRET });
    // Code is still being compiled for a while, WebAssembly above all.
    await sleep(25_000);
    const idle = await residentMb(child.pid!);

    for (let index = 0; index < REPOSITORIES; index += 1) {
      const files = { 'README.md': 'A project.\n', '.github/nofx.yml': 'gates:\n  test: "true"\n' };
      await github.createRepository({
        owner: `owner-${index}`,
        name: 'project',
        files,
        collaborators: { mona: 'write' },
      });
    }
    for (let index = 0; index < runs; index += 1) {
      const repo = `owner-${index % REPOSITORIES}/project`;
      const { number } = await github.openIssue({ repo, title: 'Add the notes', body: 'We need them.', by: 'mona' });
      await github.comment({ repo, issue: number, body: '/nofx add the notes', by: 'mona' });
    }
    // Until all are there, and so many conversations are going on as can. Not until GitHub shows them all: what may be
    // written to it in a minute is less.
    const patience = Date.now() + 180_000;
    const wanted = Math.min(runs, atWork);
    for (let open = 0; open < runs || model.requests().length < wanted; open = await openRuns(webhooks)) {
      if (Date.now() > patience) {
        throw new Error(`after 180 s there are ${open} runs and ${model.requests().length} conversations`);
      }
      await sleep(250);
    }
    let most = 0;
    for (let look = 0; look < 20; look += 1) {
      most = Math.max(most, await residentMb(child.pid!));
      await sleep(250);
    }
    return { idle, inFlight: most };
  } finally {
    github.setWebhook(null);
    child.kill('SIGKILL');
    await model.stop();
    await github.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** How many runs there are, as the API tells. */
async function openRuns(webhooks: string): Promise<number> {
  const response = await fetch(new URL('/runs?page=1&limit=1', webhooks), {
    headers: { authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` },
  });
  const { pagination } = (await response.json()) as { pagination: { total: number } };
  return pagination.total;
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}
