import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDb } from '../../src/db/client.ts';
import { createGitHubStandIn } from '../../src/playground/github-stand-in.ts';
import { createScriptedModel, turn, type Script } from '../../src/playground/model.ts';
import { STALE_MS } from '../../src/workspace/lock.ts';
import { tidy } from '../../src/workspace/tidy.ts';
import { startPostgres } from '../support/postgres.ts';
import { problemsOf } from './checks.ts';
import { createCleanup, untilInterrupted } from './cleanup.ts';
import { gather, leftUnder, processesOf, progressOf } from './facts.ts';
import { supervise } from './supervisor.ts';
import { makeTrouble, redeliverLost, type Counts, type Pace } from './trouble.ts';

const HELP = `npm run chaos                      500 runs while everything around them breaks; an hour at most
npm run chaos -- --quick           12 runs, and trouble so soon that they see all of it
npm run chaos -- --runs N          so many
npm run chaos -- --minutes N       fail with what is unfinished after so long
`;
/** Of all repositories and of runs at a time: enough for workers to meet in one mirror. */
const REPOSITORIES = 10;
const AT_A_TIME = 8;
const SECRET = 'a secret for chaos';
const PACE: Pace = { kill: [2_000, 10_000], cut: 10_000, times: Infinity };
/** Twelve runs are through within seconds. */
const QUICK_PACE: Pace = { kill: [1_000, 4_000], cut: 3_000, times: 3 };

type Options = { runs: number; minutes: number; pace: Pace };

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 12 : 500));
  const minutes = Number(values.minutes ?? 60);
  if (values.help || !(runs >= 1 && Number.isInteger(runs)) || !(minutes > 0)) {
    console.log(HELP);
    process.exit(values.help ? 0 : 1);
  }
  return { runs, minutes, pace: values.quick ? QUICK_PACE : PACE };
}

const writesNotes: Script = ({ turn: step }) =>
  step === 0 ? turn.tool('write', { file_path: 'notes.md', content: 'Some notes.\n' }) : turn.text('Adds the notes.');

/** All of it; true where nothing is broken. What it starts is taken down by `cleanup`, whether it comes to its end or not. */
async function soak(options: Options, { own }: ReturnType<typeof createCleanup>): Promise<boolean> {
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  const counts: Counts = { kills: 0, cuts: 0, lostAnswers: 0, redelivered: 0 };
  const folder = await own(mkdtemp(join(tmpdir(), 'nofx-chaos-')), (path) =>
    rm(path, { recursive: true, force: true, maxRetries: 5 }),
  );
  const root = join(folder, 'workspaces');
  await mkdir(join(folder, 'tmp'));

  // Durable: what was committed must be there after a cut, as on a server in use.
  const postgres = await own(startPostgres({ durable: true }), (it) => it.stop());
  const github = await own(createGitHubStandIn(), (it) => it.stop());
  const model = await own(createScriptedModel({ script: writesNotes }), (it) => it.stop());
  const repos: string[] = [];
  for (let index = 0; index < Math.min(REPOSITORIES, options.runs); index += 1) {
    const [owner, name] = [`owner-${index}`, 'project'];
    const files = { 'README.md': 'A project.\n', '.github/nofx.yml': 'gates:\n  test: "true"\n' };
    await github.createRepository({ owner, name, files, collaborators: { mona: 'write' } });
    repos.push(`${owner}/${name}`);
  }

  const env = (role: 'web' | 'worker') => ({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TMPDIR: join(folder, 'tmp'),
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: SECRET,
    GHE_HOST: github.host,
    GHE_PROTOCOL: 'http',
    ANTHROPIC_API_KEY: 'canned-key',
    ANTHROPIC_BASE_URL: model.url,
    NOFX_DATA_DIR: join(folder, 'data'),
    NOFX_ARTIFACTS_DIR: join(folder, 'artifacts'),
    WORKSPACE_ROOT: root,
    DATABASE_URL: postgres.url,
    NOFX_ROLE: role,
    PORT: '0',
  });
  const start = (name: string, role: 'web' | 'worker', onReady?: (url: string) => void) =>
    own(supervise(name, { cwd: folder, env: env(role), onReady }), (it) => it.stop('SIGKILL'));
  const web = await start('web', 'web', (url) => github.setWebhook({ url, secret: SECRET }));
  await web.ready;
  const workers = await Promise.all(['worker 1', 'worker 2'].map((name) => start(name, 'worker')));
  await Promise.all(workers.map(({ ready }) => ready));
  const database = await own(openDb({ kind: 'postgres', url: postgres.url }), (it) => it.close());

  const asked: string[] = [];
  async function ask(): Promise<void> {
    const repo = repos[asked.length % repos.length]!;
    const { number } = await github.openIssue({ repo, title: 'Add the notes', body: 'We need them.', by: 'mona' });
    asked.push(`${repo}#${number}`);
    await github.comment({ repo, issue: number, body: '/nofx add the notes', by: 'mona' });
  }

  const trouble = await own(makeTrouble({ postgres, github, workers, counts, pace: options.pace }), (it) => it.stop());
  const deadline = begun + options.minutes * 60_000;
  let state = { opened: 0, ended: 0, jobs: 0 };
  let toldAt = Date.now();
  while (Date.now() < deadline) {
    counts.redelivered += await redeliverLost(github);
    state = (await progressOf(database)) ?? state;
    if (state.ended >= options.runs) break;
    while (asked.length < options.runs && asked.length - state.ended < AT_A_TIME) await ask();
    if (Date.now() - toldAt > 15_000) {
      toldAt = Date.now();
      console.log(`${seconds()} s: ${state.ended} of ${options.runs} runs ended; ${JSON.stringify(counts)}`);
    }
    await sleep(500);
  }
  await trouble.stop();
  const calm = Date.now();
  // Without trouble what is left must come to an end by itself; leases of the last that were killed take ten seconds.
  const patience = Date.now() + 90_000;
  do {
    counts.redelivered += await redeliverLost(github);
    await sleep(500);
    state = (await progressOf(database)) ?? state;
  } while ((state.jobs > 0 || state.ended < state.opened) && Date.now() < patience);
  await github.settled();
  const duration = seconds();

  const processes = [web, ...workers];
  const stops = (await Promise.all(processes.map((one) => one.stop()))).flat();
  // A killed attempt cannot clear up: the hourly tidy does that for it, and must leave nothing.
  await sleep(calm + STALE_MS - Date.now());
  const tidied = await tidy(root, {
    inUse: async () => new Set(),
    projectsInUse: async () => new Set(),
    checkoutsAfterMs: 0,
    mirrorsAfterMs: Infinity,
    temporaryAfterMs: 0,
    temporary: join(folder, 'tmp'),
  });
  const facts = {
    asked,
    ...(await gather(database, github, repos)),
    orphans: await processesOf(folder),
    leftOnDisk: await leftUnder(root),
  };
  const problems = [...problemsOf(facts), ...stops, ...processes.flatMap(({ crashes }) => crashes)];
  if (asked.length < options.runs)
    problems.push(`${options.runs - asked.length} runs were not even asked for within ${options.minutes} minutes`);
  if (counts.kills === 0 || counts.cuts === 0) problems.push('the runs were over before all was tried on them');

  const vain = processes.reduce((sum, one) => sum + one.vainStarts(), 0);
  console.log(`${facts.runs.length} runs in ${duration} s.
  ${counts.kills} kills of workers, ${counts.cuts} cuts of the database, which made ${vain} starts of a process vain.
  ${counts.lostAnswers} answers of GitHub lost after their effect, ${counts.redelivered} webhooks sent again.
  ${tidied.length} folders and locks that killed attempts left, removed as the hourly tidy does.`);
  console.log(problems.length === 0 ? 'Nothing is broken.' : `${problems.length} problems:`);
  for (const problem of problems) console.log(`  - ${problem}`);
  return problems.length === 0;
}

const options = readOptions();
const cleanup = createCleanup();
let well = false;
try {
  well = await Promise.race([soak(options, cleanup), untilInterrupted()]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  await cleanup.run();
}
// A soak that was interrupted still waits for something.
process.exit(well ? 0 : 1);
