import { once } from 'node:events';
import { resolve } from 'node:path';
import { loadConfig, readEnvironment, redacted, secretsOf, type Config } from './config.ts';
import { WEBHOOK_PATH } from './domain/app-manifest.ts';
import { InternalError, messageOf, UserError } from './errors.ts';
import { createFirstRun } from './first-run/first-run.ts';
import { createAppFromManifest } from './github/index.ts';
import { serve } from './http/server.ts';
import { createLogger } from './log.ts';
import { startNofx } from './nofx.ts';
import { createSecretKeeper } from './secrets.ts';
import { logFields } from './telemetry/work.ts';

const NO_APP = `NOFX has no GitHub App to work for, and a worker has no page to make one on.
Start NOFX with NOFX_ROLE=web (or without it) first, or set APP_ID, PRIVATE_KEY_PATH and WEBHOOK_SECRET.
`;

async function main(): Promise<number> {
  const loaded = loadConfig(readEnvironment());
  if (!loaded.ok) {
    process.stderr.write(`The configuration has mistakes:\n${loaded.errors.map((error) => `  - ${error}\n`).join('')}`);
    return 1;
  }
  if (loaded.config.github === null && loaded.config.role === 'worker') {
    process.stderr.write(NO_APP);
    return 1;
  }
  const config = loaded.config.github === null ? await makeApp(loaded.config) : loaded.config;
  if (config === null) return 0;
  const { github } = config;
  if (github === null) throw new InternalError('The settings of the app were written and not found.');
  const secrets = createSecretKeeper(secretsOf(config));
  const log = createLogger({ level: config.logLevel, redact: secrets.redact, fields: logFields });
  log.info({ config: redacted(config) }, 'starting');
  if (config.anthropic === null)
    log.warn('ANTHROPIC_API_KEY is not set: every run will fail at its first step and say so');

  const nofx = await startNofx({ ...config, github }, { log, secrets });
  log.info({ webhooks: nofx.url + WEBHOOK_PATH }, 'ready');
  const signal = await stopSignal();
  log.info({ signal }, 'stopping: running steps have 30 seconds to finish');
  await nofx.stop();
  return 0;
}

/** Serves the way to an app until there is one; null where NOFX is told to stop before. */
async function makeApp(config: Config): Promise<Config | null> {
  const missing = [
    config.anthropic === null && { name: 'ANTHROPIC_API_KEY', why: 'the model that writes the code' },
    config.api.adminPassword === null && { name: 'ADMIN_PASSWORD', why: 'opens these pages to you' },
  ].filter((one) => one !== false);
  const { app, token, created } = await createFirstRun({
    envFile: resolve('.env'),
    dataDir: config.dataDir,
    githubUrl: config.githubUrl,
    publicUrl: config.api.publicUrl,
    missing,
    createApp: (code) => createAppFromManifest(code, { apiUrl: config.githubApiUrl }),
  });
  const server = await serve(app, { host: config.host, port: config.port });
  const host = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  process.stdout.write(
    `NOFX has no GitHub App to work for yet. Make one here, it takes a minute:\n\n  http://${host}:${server.port}/?token=${token}\n\nTo see NOFX work first, without an account: npm run demo\n`,
  );
  const listening = new AbortController();
  const stopped = (['SIGTERM', 'SIGINT'] as const).map((name) => once(process, name, { signal: listening.signal }));
  const variables = await Promise.race([created, Promise.race(stopped).then(() => null)]);
  listening.abort();
  // Its last answer is a small one, and NOFX is waited for.
  await server.close(1_000);
  if (variables === null) return null;
  const loaded = loadConfig({ ...readEnvironment(), ...variables });
  if (!loaded.ok) throw new UserError(`The new app's settings do not fit: ${loaded.errors.join(' ')}`, 'Mend .env.');
  return loaded.config;
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}

try {
  // What is still waited for, the next try of a request that nobody wants any more, would keep it alive.
  process.exit(await main());
} catch (error) {
  const next = error instanceof UserError ? `\n${error.next}` : '';
  process.stderr.write(`NOFX cannot start: ${messageOf(error)}${next}\n`);
  // What was opened until then would keep it alive, and whoever starts it again from doing so.
  process.exit(1);
}
