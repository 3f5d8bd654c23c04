import { loadConfig, secretsOf, type Environment } from '../src/config.ts';
import type { DatabaseOptions } from '../src/db/client.ts';
import { listSteps } from '../src/db/steps.ts';
import { run as runs } from '../src/db/schema.ts';
import { createLogger } from '../src/log.ts';
import { startNofx } from '../src/nofx.ts';
import { createSecretKeeper } from '../src/secrets.ts';
import { serveParent } from './child.ts';
import { observe } from './observe.ts';
import type { Observed } from './timeline.ts';

export type NofxSettings = {
  environment: Environment;
  database: DatabaseOptions;
  writeIntervalMs: number;
  /** Where the model is, to tell its requests from GitHub's; null where nothing is observed. */
  modelOrigin: string | null;
};

/** `drain`: wait until no job is left, then hand over what was observed since the last time. */
export type NofxQuestion = 'drain';
export type Drained = { observed: Observed; tools: Map<string, string> };

/** NOFX in a process of its own, as `npm start` has it; with watchers at its doors where they are asked for. */
await serveParent<NofxSettings, NofxQuestion>(async ({ environment, database, writeIntervalMs, modelOrigin }) => {
  const observer = modelOrigin === null ? null : observe({ modelOrigin });
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.errors.join('; '));
  const { config } = loaded;
  const secrets = createSecretKeeper(secretsOf(config));
  const log = createLogger({ level: config.logLevel, redact: secrets.redact });
  const nofx = await startNofx({ ...config, github: config.github!, database, writeIntervalMs }, { log, secrets });

  async function drain(): Promise<Drained> {
    while ((await nofx.deps.queue.pending()) > 0) await new Promise((resolve) => setTimeout(resolve, 25));
    const { db } = nofx.database;
    const tools = new Map<string, string>();
    for (const { id } of await db.select({ id: runs.id }).from(runs)) {
      for (const step of await listSteps(db, id)) tools.set(step.id, step.tool);
    }
    return { observed: observer?.take() ?? { spans: [], jobs: [], arrivals: [] }, tools };
  }
  return { ready: { url: nofx.url }, answer: drain, stop: () => nofx.stop() };
});
