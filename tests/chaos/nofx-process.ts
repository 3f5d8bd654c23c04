import { once } from 'node:events';
import { loadConfig, readEnvironment, secretsOf } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { startNofx } from '../../src/nofx.ts';
import { createSecretKeeper } from '../../src/secrets.ts';

/** `npm start` without manners towards GitHub: a stand-in needs none, and with them hundreds of runs would take days. */
const loaded = loadConfig(readEnvironment());
if (!loaded.ok) throw new Error(loaded.errors.join('; '));
const { config } = loaded;
const secrets = createSecretKeeper(secretsOf(config));
const log = createLogger({ level: config.logLevel, redact: secrets.redact });
const stop = once(process, 'SIGTERM');
const nofx = await startNofx({ ...config, github: config.github!, writeIntervalMs: 0 }, { log, secrets });
log.info({ webhooks: `${nofx.url}/api/github/webhooks` }, 'ready');
await stop;
await nofx.stop();
