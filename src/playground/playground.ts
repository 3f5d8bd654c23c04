import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { loadConfig, secretsOf, type Environment } from '../config.ts';
import type { WriteLimits } from '../db/budget.ts';
import type { DatabaseOptions } from '../db/client.ts';
import { InternalError } from '../errors.ts';
import { startNofx, type Nofx } from '../nofx.ts';
import { createSecretKeeper, type SecretKeeper } from '../secrets.ts';
import { createGitHubStandIn, type GitHubStandIn, type GitHubStandInOptions } from './github-stand-in.ts';
import { createScriptedModel, type ScriptedModel, type Scripts } from './model.ts';

export type Playground = {
  github: GitHubStandIn;
  /** null where a real model is used */
  model: ScriptedModel | null;
  nofx: Nofx;
  secrets: SecretKeeper;
  /** the folder everything of NOFX is in */
  dataDir: string;
  /** From now on webhooks come to NOFX, or to an address where nobody listens. */
  webhooks(state: 'reach' | 'miss'): void;
  /** Stops NOFX and starts it again on the same data, as a deploy would. */
  restart(): Promise<void>;
  /** Ends when no webhook is under way and no job is left. */
  drain(): Promise<void>;
  stop(): Promise<void>;
};

export type PlaygroundOptions = {
  /** The stand-in's options; its webhooks are sent to NOFX. */
  github?: Omit<GitHubStandInOptions, 'webhook'>;
  /** What the model says; or a real one's key. */
  model: { script: Scripts } | { apiKey: string; baseUrl?: string };
  /** PGlite in memory when absent. */
  database?: DatabaseOptions;
  /** Beside what the playground sets itself: PATH, NOFX_SANDBOX, … */
  environment?: Environment;
  /** How much NOFX may write to the stand-in in a minute and an hour; as much as it likes when absent. */
  writeBudget?: Pick<WriteLimits, 'perMinute' | 'perHour'>;
  /** Between two looks into a step that runs; as in production when absent. */
  liveEveryMs?: number;
  /** Made once the secrets to keep out of it are known. */
  log: (secrets: SecretKeeper) => Logger;
};

/** NOFX on a GitHub of its own: everything real (HTTP, git, database, sandbox) but GitHub and, unless given a key, the model. */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nofx-playground-'));
  const github = await createGitHubStandIn(options.github);
  const model = 'script' in options.model ? await createScriptedModel({ script: options.model.script }) : null;
  const webhookSecret = randomBytes(24).toString('hex');
  const key = 'script' in options.model ? { apiKey: 'canned-key', baseUrl: model!.url } : options.model;
  const loaded = loadConfig({
    ...options.environment,
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: webhookSecret,
    GHE_HOST: github.host,
    GHE_PROTOCOL: 'http',
    ANTHROPIC_API_KEY: key.apiKey,
    ANTHROPIC_BASE_URL: key.baseUrl,
    NOFX_DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: '0',
  });
  if (!loaded.ok) throw new InternalError(`The playground's configuration is wrong: ${loaded.errors.join('; ')}`);
  const { config } = loaded;
  const secrets = createSecretKeeper(secretsOf(config));
  const log = options.log(secrets);
  const start = async () => {
    const nofx = await startNofx(
      {
        ...config,
        github: config.github!,
        database: options.database ?? { kind: 'pglite', dir: null },
        writeIntervalMs: 0,
        writeBudget: options.writeBudget,
        progressEveryMs: 0,
        liveEveryMs: options.liveEveryMs,
      },
      { log, secrets },
    );
    github.setWebhook({ url: `${nofx.url}/api/github/webhooks`, secret: webhookSecret });
    return nofx;
  };

  let nofx = await start();
  return {
    github,
    model,
    secrets,
    dataDir,
    get nofx() {
      return nofx;
    },
    webhooks(state) {
      // Nothing listens on port 9 (discard) of this machine.
      const origin = state === 'reach' ? nofx.url : 'http://127.0.0.1:9';
      github.setWebhook({ url: `${origin}/api/github/webhooks`, secret: webhookSecret });
    },
    async restart() {
      await nofx.stop();
      nofx = await start();
    },
    async drain() {
      do {
        await github.settled();
        await new Promise((resolve) => setTimeout(resolve, 25));
      } while ((await nofx.deps.queue.pending()) > 0);
    },
    async stop() {
      github.setWebhook(null);
      await nofx.stop();
      await model?.stop();
      await github.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
