import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../tests/support/postgres.ts';
import { measurePath, type Measured } from './path.ts';
import { reportPath, reportWebhooks, reportWorkspaces } from './report.ts';
import { measureWebhooks, type WebhookFigures } from './webhooks.ts';
import { measureWorkspaces, type WorkspaceFigures } from './workspaces.ts';

const HELP = `npm run bench                       everything; about five minutes on a quiet machine
npm run bench -- --quick            the same with fewer rounds, to see that it runs
npm run bench -- --only path        one part: webhooks, path or workspaces
npm run bench -- --json FILE        the figures as JSON too
`;

const PARTS = ['webhooks', 'path', 'workspaces'] as const;
type Part = (typeof PARTS)[number];

type Figures = { machine: object; webhooks?: WebhookFigures[]; path?: Measured[]; workspaces?: WorkspaceFigures[] };

function readOptions(): { quick: boolean; only: Part | null; json: string | null } {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const only = PARTS.find((part) => part === values.only) ?? null;
  if (values.help || (values.only !== undefined && only === null)) {
    console.log(HELP);
    process.exit(values.help ? 0 : 1);
  }
  return { quick: values.quick ?? false, only, json: values.json ?? null };
}

const { quick, only, json } = readOptions();
const wanted = (part: Part) => only === null || only === part;
const machine = {
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
  loadBefore: Number(loadavg()[0]!.toFixed(2)),
};
console.log(
  `${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB, Node ${machine.node}, load ${machine.loadBefore} before the start${quick ? '; --quick: too few rounds to quote' : ''}\nMilliseconds; medians, with the least and the most in brackets.`,
);

const figures: Figures = { machine };
const postgres = wanted('webhooks') || wanted('path') ? await startPostgres({ durable: true }) : null;

/** A database of its own on the server that was started. */
async function emptyDatabase(name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: postgres!.url });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  return Object.assign(new URL(postgres!.url), { pathname: `/${name}` }).href;
}

try {
  if (wanted('webhooks')) {
    const options = quick ? { deliveries: 100, rounds: 1 } : { deliveries: 500, rounds: 5 };
    figures.webhooks = await measureWebhooks({ ...options, postgresUrl: await emptyDatabase('webhooks') });
    console.log(reportWebhooks(figures.webhooks, options));
  }
  if (wanted('path')) {
    const runs = quick ? 2 : 9;
    figures.path = await measurePath([
      { name: 'PGlite on disk', database: { kind: 'pglite', dir: '' }, writeIntervalMs: 0, runs },
      { name: 'Postgres', database: { kind: 'postgres', url: await emptyDatabase('path') }, writeIntervalMs: 0, runs },
      {
        name: 'Postgres, writes to GitHub 1 s apart',
        database: { kind: 'postgres', url: await emptyDatabase('spaced') },
        writeIntervalMs: 1_000,
        runs: quick ? 1 : 5,
      },
    ]);
    console.log(reportPath(figures.path));
  }
  if (wanted('workspaces')) {
    const options = quick ? { files: 500, commits: 20, rounds: 2 } : { files: 5_000, commits: 200, rounds: 7 };
    figures.workspaces = await measureWorkspaces(options);
    console.log(reportWorkspaces(figures.workspaces, options));
  }
} finally {
  await postgres?.stop();
}
if (json) await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`);
