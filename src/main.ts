import { loadConfig, readEnvironment, redacted, secretsOf } from './config.ts';
import { messageOf, UserError } from './errors.ts';
import { createLogger } from './log.ts';
import { startNofx } from './nofx.ts';
import { createSecretKeeper } from './secrets.ts';
import { logFields } from './telemetry/work.ts';

const NO_APP = `NOFX has no GitHub App to work for.

1. Create one: https://docs.github.com/en/apps/creating-github-apps (app.yml lists the permissions and events it needs).
   Its webhook URL is where this process is reached, followed by /api/github/webhooks.
2. Set APP_ID, PRIVATE_KEY_PATH and WEBHOOK_SECRET, and ANTHROPIC_API_KEY for the model (.env.example lists everything).
3. Install the app on a repository, run \`npm start\` again, and comment \`/nofx …\` on an issue.

To see it work first, without any of that: npm run demo
`;

async function main(): Promise<number> {
  const loaded = loadConfig(readEnvironment());
  if (!loaded.ok) {
    process.stderr.write(`The configuration has mistakes:\n${loaded.errors.map((error) => `  - ${error}\n`).join('')}`);
    return 1;
  }
  const { config } = loaded;
  const { github } = config;
  if (github === null) {
    process.stderr.write(NO_APP);
    return 1;
  }
  const secrets = createSecretKeeper(secretsOf(config));
  const log = createLogger({ level: config.logLevel, redact: secrets.redact, fields: logFields });
  log.info({ config: redacted(config) }, 'starting');
  if (config.anthropic === null)
    log.warn('ANTHROPIC_API_KEY is not set: every run will fail at its first step and say so');

  const nofx = await startNofx({ ...config, github }, { log, secrets });
  log.info({ webhooks: `${nofx.url}/api/github/webhooks` }, 'ready');
  const signal = await stopSignal();
  log.info({ signal }, 'stopping: running steps have 30 seconds to finish');
  await nofx.stop();
  return 0;
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  const next = error instanceof UserError ? `\n${error.next}` : '';
  process.stderr.write(`NOFX cannot start: ${messageOf(error)}${next}\n`);
  process.exitCode = 1;
}
