import { parseArgs } from 'node:util';
import { KEY_COMMANDS } from './cli-keys.ts';
import { loadConfig, readEnvironment, secretsOf, type Config } from './config.ts';
import { openDb } from './db/client.ts';
import { migrate } from './db/migrate.ts';
import { listRuns } from './db/runs.ts';
import { messageOf, UserError } from './errors.ts';
import { createLogger } from './log.ts';
import type { Parts } from './parts.ts';
import { createSecretKeeper } from './secrets.ts';
import { listDead, redriveDead } from './runs/dead.ts';
import { reapChecks } from './upkeep/reap-checks.ts';
import { reapRuns } from './upkeep/reap-runs.ts';
import { applyRetention, type RetentionDays } from './upkeep/retention.ts';
import { sweepDeliveries } from './upkeep/sweep-deliveries.ts';
import { closeNetworks } from './workspace/sandbox-network.ts';

const HELP = `npm run nofx -- <command>

  dead list              jobs that failed too often and were given up
  dead redrive <id>      drive one of them again
  sweep                  ask GitHub now for the webhooks that did not reach us
  reap                   look now for runs and checks that were lost sight of
  retention              remove now what is older than NOFX_RETENTION_DAYS
  runs list [--all]      the runs that are not over; --all: the newest 50
  keys create --user <login> [--name <name>] [--user-id <id>]
                         an API key for somebody on GitHub, shown once; --user-id where GitHub is not to be asked
  keys list              the keys there are, and when they were last used
  keys revoke <id>       a key that is to open nothing any more

It reads the same settings as the server (.env), and works beside a running server where both use a Postgres
(DATABASE_URL). The embedded database serves one process: there, stop the server first.
`;

type Command = (
  parts: Parts,
  given: { args: string[]; all: boolean; days: RetentionDays; say: (line: string) => void },
) => Promise<number>;

const never = new AbortController().signal;

const COMMANDS: Record<string, Command> = {
  async 'dead list'({ deps }, { say }) {
    const { letters } = await listDead(deps);
    if (letters.length === 0) say('There are no dead letters.');
    for (const { id, from, data, diedAt, closed, reason } of letters) {
      const about = data.guid ?? [data.runId, data.stepId].filter(Boolean).join(' ');
      say(
        `${id}  ${diedAt.toISOString()}  ${from ?? 'unknown'}  ${about}  ${closed ? 'closed' : 'being closed'}  ${reason.split('\n')[0]}`,
      );
    }
    return 0;
  },
  async 'dead redrive'({ deps }, { args, say }) {
    const [id] = args;
    if (!id) throw new UserError('Which one?', '`npm run nofx -- dead list` shows the ids; give one of them.');
    const done = await redriveDead(deps, id);
    if (!done.ok) throw new UserError(done.reason, done.next);
    if (done.did === 'delivery') say(`The delivery ${done.guid} is worked on again.`);
    if (done.did === 'step') say(`The step ${done.stepId} of ${done.runId} goes on.`);
    if (done.did === 'run') say(`${done.instead} stays as it ended. ${done.runId} repeats its request.`);
    return 0;
  },
  async sweep({ deps }, { say }) {
    const { asked, lost, again } = await sweepDeliveries(deps, never);
    say(
      `${lost} deliveries did not reach us; GitHub was asked for ${asked} of them now${again ? '. There are more: run this again.' : '.'}`,
    );
    return 0;
  },
  async reap({ deps }, { say }) {
    const { untold, steps, deliveries, stuck, old } = await reapRuns(deps, never);
    const { closed } = await reapChecks(deps, never);
    say(
      `Runs told again: ${untold}. New jobs for steps: ${steps}, for deliveries: ${deliveries}. Stuck runs moved on: ${stuck}. Runs given up as too old: ${old}. Checks closed: ${closed}.`,
    );
    return 0;
  },
  async retention({ deps }, { days, say }) {
    const { runs, artifacts, deliveries } = await applyRetention(deps, days, never);
    say(
      `Removed ${runs} runs with ${artifacts} artifacts (over ${days.runs} days), and ${deliveries} deliveries (over ${days.deliveries} days).`,
    );
    return 0;
  },
  async 'runs list'({ deps }, { all, say }) {
    const runs = await listRuns(deps.db, { open: !all, limit: 50 });
    if (runs.length === 0) say(all ? 'There are no runs.' : 'No run is under way.');
    for (const { id, status, createdAt, projectId, source, goal } of runs) {
      say(
        `${id}  ${status.padEnd(9)}  ${createdAt.toISOString()}  ${source.repository || projectId}  ${goal.split('\n')[0]}`,
      );
    }
    return 0;
  },
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      user: { type: 'string' },
      'user-id': { type: 'string' },
      name: { type: 'string' },
    },
  });
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (values.help || positionals.length === 0) {
    say(HELP);
    return values.help ? 0 : 2;
  }
  const name = [...Object.keys(COMMANDS), ...Object.keys(KEY_COMMANDS)].find((known) => isWhole(known, positionals));
  if (!name)
    throw new UserError(`There is no command "${positionals.join(' ')}".`, 'npm run nofx -- --help lists them.');

  const loaded = loadConfig(readEnvironment());
  if (!loaded.ok)
    throw new UserError(
      `The configuration has mistakes:\n${loaded.errors.map((error) => `  - ${error}`).join('\n')}`,
      'Correct them, then run this again.',
    );
  const { config } = loaded;
  const args = positionals.slice(name.split(' ').length);
  const keys = KEY_COMMANDS[name];
  if (keys) {
    const { user, name: called, 'user-id': userId } = values;
    return withDatabase(config, (db) =>
      keys({ db, apiUrl: config.githubApiUrl, args, user, userId, name: called, say }),
    );
  }
  if (config.github === null)
    throw new UserError(
      'No GitHub App is configured.',
      'Set APP_ID, PRIVATE_KEY_PATH and WEBHOOK_SECRET, as for the server.',
    );
  const secrets = createSecretKeeper(secretsOf(config));
  // The answer goes to stdout; what is worth a warning to stderr.
  const log = createLogger({ level: 'warn', redact: secrets.redact, destination: process.stderr });
  // Half of the time that it takes to say what is wrong, or to make a key, would go into loading it.
  const { openNofx } = await import('./parts.ts');
  const parts = await openNofx({ ...config, github: config.github }, { log, secrets });
  try {
    return await COMMANDS[name]!(parts, {
      args,
      all: values.all,
      days: config.retentionDays,
      say,
    });
  } finally {
    await parts.deps.queue.stop(5_000);
    await closeNetworks();
    await parts.database.close();
  }
}

/** What needs nothing but the database works without an app. */
async function withDatabase(config: Config, work: (db: Parts['database']['db']) => Promise<number>): Promise<number> {
  const database = await openDb(config.database);
  try {
    await migrate(database);
    return await work(database.db);
  } finally {
    await database.close();
  }
}

/** `sweep` is meant by `sweep` and not by `sweeping`. */
function isWhole(command: string, positionals: string[]): boolean {
  return command.split(' ').every((word, index) => positionals[index] === word);
}

try {
  process.exitCode = await main();
} catch (error) {
  const next = error instanceof UserError ? `\n${error.next}` : '';
  process.stderr.write(`${messageOf(error)}${next}\n`);
  process.exitCode = 1;
}
