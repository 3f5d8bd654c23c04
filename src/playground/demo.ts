import { parseArgs } from 'node:util';
import { readEnvironment } from '../config.ts';
import { messageOf } from '../errors.ts';
import { createLogger } from '../log.ts';
import { logFields } from '../telemetry/work.ts';
import { createSandbox } from '../workspace/sandbox.ts';
import { demoScript } from './demo-script.ts';
import { echoScript } from './echo-script.ts';
import { follow, showResult } from './narrate.ts';
import { startPlayground, type Playground } from './playground.ts';
import { sampleFiles } from './sample.ts';
import { tour } from './tour.ts';
import { tourScript } from './tour-script.ts';

const HELP = `npm run demo                                  the sample repository, canned replies
npm run demo -- --serve                       … and keep the GitHub stand-in up, to look around and comment
npm run demo -- --tour                        a plan, its approval, a failing test that is mended, a review that is heeded
npm run demo -- --repo PATH --prompt "…"      a copy of any local git repository
With ANTHROPIC_API_KEY set, --repo asks the real model; it costs what it says.
`;

const OWNER = 'acme';
const USER = 'mona';

type Options = { serve?: boolean; tour?: boolean; repo?: string; prompt?: string; help?: boolean };

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean' },
      tour: { type: 'boolean' },
      repo: { type: 'string' },
      prompt: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.repo !== undefined && !values.prompt)
    throw new Error('--repo needs a --prompt "what should be done there".');
  if (values.tour && values.repo !== undefined)
    throw new Error('The tour is of the sample repository; leave out --repo.');
  return values;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const environment = { ...readEnvironment() };
  const apiKey = options.repo === undefined ? undefined : environment['ANTHROPIC_API_KEY'];
  const say = (line: string) => console.log(line);

  say(
    `NOFX demo. Real: git, HTTP, the database (PGlite), the sandbox. Not real: GitHub (a stand-in on this machine)${apiKey ? '.' : ' and the model (canned replies; no model is asked, the cost shown is what they would have cost).'}`,
  );
  if (options.repo === undefined && !(await hasSandbox())) {
    say(
      'There is no bubblewrap here, so the tests of our own sample run unconfined. NOFX would refuse that for any other repository.',
    );
    environment['NOFX_SANDBOX'] = 'off';
  }
  const playground = await startPlayground({
    model: apiKey
      ? { apiKey, baseUrl: environment['ANTHROPIC_BASE_URL'] }
      : { script: options.tour ? tourScript : options.repo ? echoScript : demoScript },
    github: { demoUser: USER },
    environment: configurable(environment),
    log: (secrets) =>
      createLogger({ level: environment['LOG_LEVEL'] ?? 'error', redact: secrets.redact, fields: logFields }),
  });
  try {
    const done = options.tour ? await tour(playground, say) : await play(playground, options, say);
    if (options.serve) await keepUp(playground, say);
    return done ? 0 : 1;
  } finally {
    await playground.stop();
  }
}

/** One issue, one comment, and what comes of it. True when that is a pull request. */
async function play(playground: Playground, options: Options, say: (line: string) => void): Promise<boolean> {
  const { github } = playground;
  const name = options.repo === undefined ? 'text-kit' : 'copy';
  const repo = `${OWNER}/${name}`;
  const source = options.repo === undefined ? { files: await sampleFiles() } : { from: options.repo };
  await github.createRepository({ owner: OWNER, name, ...source, collaborators: { [USER]: 'write' } });
  const prompt = options.prompt ?? 'add a slugify helper with tests';
  const title = options.prompt === undefined ? 'Add a slugify helper' : prompt.split('\n')[0]!.slice(0, 100);

  say(`\n${USER} opens an issue on ${repo}: "${title}"`);
  const { number } = await github.openIssue({ repo, title, body: '', by: USER });
  say(`${USER} comments:  /nofx ${prompt}\n`);
  await github.comment({ repo, issue: number, body: `/nofx ${prompt}`, by: USER });
  await follow(playground, say);
  return showResult(playground, { repo, issue: number }, say);
}

async function keepUp({ github }: Playground, say: (line: string) => void): Promise<void> {
  say(`\nThe stand-in stays up. Open ${github.url}/${OWNER} and comment \`/nofx …\` on an issue. Ctrl-C ends it.`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

async function hasSandbox(): Promise<boolean> {
  const { PATH: path = '', HOME: home = '/' } = readEnvironment();
  return (await createSandbox({ mode: 'auto', path, home, execPath: process.execPath })).kind === 'bubblewrap';
}

/** What of the person's settings concerns the playground: it sets the app, the database and the addresses itself. */
function configurable(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  const ours = [
    'APP_ID',
    'PRIVATE_KEY',
    'PRIVATE_KEY_PATH',
    'WEBHOOK_SECRET',
    'DATABASE_URL',
    'WORKSPACE_ROOT',
    'SUPABASE_URL',
    'SUPABASE_SERVICE_ROLE_KEY',
  ];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.includes(name)));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`The demo could not go on: ${messageOf(error)}\n\n${HELP}`);
  process.exitCode = 1;
}
