import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { startChild, type Child } from './child.ts';
import type { NofxQuestion, NofxSettings } from './nofx-process.ts';
import { percentile, spread, type Spread } from './stats.ts';

export type WebhookFigures = { target: string; concurrency: number; p50: Spread; p99: Spread; perSecond: Spread };
export type WebhookOptions = { deliveries: number; rounds: number; postgresUrl: string };

const CONCURRENCY = [1, 16];

type Target = Started & { name: string };

/**
 * From the first byte of a signed delivery to its 202, against NOFX in a process of its own and, beside
 * it, against the same HTTP server that only checks the signature. Rounds go from target to target, so
 * that a slow moment of the machine hits all of them. Between rounds each works off its inbox.
 */
export async function measureWebhooks({ deliveries, rounds, postgresUrl }: WebhookOptions): Promise<WebhookFigures[]> {
  const targets = await startTargets(postgresUrl);
  try {
    for (const target of targets) await fire(target, { count: Math.min(deliveries, 100), concurrency: 4 });
    const figures: WebhookFigures[] = [];
    for (const concurrency of CONCURRENCY) {
      const results = new Map(
        targets.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[], perSecond: [] as number[] }]),
      );
      for (let round = 0; round < rounds; round += 1) {
        for (const target of targets) {
          await target.child.ask('drain');
          const { times, seconds } = await fire(target, { count: deliveries, concurrency });
          const result = results.get(target.name)!;
          result.p50.push(percentile(times, 50));
          result.p99.push(percentile(times, 99));
          result.perSecond.push(deliveries / seconds);
        }
      }
      for (const [target, { p50, p99, perSecond }] of results) {
        figures.push({ target, concurrency, p50: spread(p50), p99: spread(p99), perSecond: spread(perSecond) });
      }
    }
    return figures;
  } finally {
    for (const { child, remove } of targets) {
      await child.stop();
      await remove();
    }
  }
}

export type Started = { child: Child<NofxQuestion>; url: string; secret: string; remove(): Promise<void> };

/** NOFX in a process of its own. Nothing is asked of GitHub: what the benchmarks send is no command. */
export async function startNofx(
  database: NofxSettings['database'],
  environment: Record<string, string> = {},
): Promise<Started> {
  const secret = randomBytes(24).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'nofx-bench-'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const onDisk = database.kind === 'pglite' && database.dir !== null;
  const child = await startChild<NofxQuestion>('nofx-process.ts', {
    environment: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      APP_ID: '1',
      PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      WEBHOOK_SECRET: secret,
      GHE_HOST: '127.0.0.1:9',
      GHE_PROTOCOL: 'http',
      NOFX_DATA_DIR: folder,
      NOFX_ARTIFACTS_DIR: folder,
      ...(database.kind === 'postgres' && { DATABASE_URL: database.url }),
      HOST: '127.0.0.1',
      PORT: '0',
      ...environment,
    },
    database: onDisk ? { kind: 'pglite', dir: folder } : database,
    writeIntervalMs: 0,
    modelOrigin: null,
  } satisfies NofxSettings);
  return {
    child,
    url: `${String(child.ready['url'])}/api/github/webhooks`,
    secret,
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function startTargets(postgresUrl: string): Promise<Target[]> {
  const secret = randomBytes(24).toString('hex');
  const floor = await startChild<NofxQuestion>('floor-process.ts', { secret });
  const url = `${String(floor.ready['url'])}/api/github/webhooks`;
  return [
    { name: 'floor: signature only', child: floor, url, secret, remove: async () => {} },
    { name: 'PGlite in memory', ...(await startNofx({ kind: 'pglite', dir: null })) },
    { name: 'PGlite on disk', ...(await startNofx({ kind: 'pglite', dir: '' })) },
    { name: 'Postgres', ...(await startNofx({ kind: 'postgres', url: postgresUrl })) },
  ];
}

/** GitHub's example of a comment somebody wrote on an issue, as an app gets it. */
function examplePayload(): object {
  const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
    name: string;
    examples: ({ action?: string; installation?: unknown } & object)[];
  }[];
  const created = examples
    .find(({ name }) => name === 'issue_comment')!
    .examples.find(({ action }) => action === 'created')!;
  return { ...created, installation: { id: 1, node_id: 'MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMQ==' } };
}

const BODY = Buffer.from(JSON.stringify(examplePayload()));

/** Sends one delivery of this GUID, and resolves when it was taken. */
export function sender(
  { url, secret }: Pick<Started, 'url' | 'secret'>,
  maxSockets = 64,
): (guid: string) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets });
  const headers = {
    'content-type': 'application/json',
    'content-length': BODY.length,
    'x-github-event': 'issue_comment',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(BODY).digest('hex')}`,
  };
  return async (guid) => {
    const status = await post(url, { agent, headers: { ...headers, 'x-github-delivery': guid } });
    if (status !== 202) throw new Error(`A delivery was answered ${status}.`);
  };
}

/** Sends `count` deliveries, each of its own GUID, `concurrency` at a time. Times in ms, sorted. */
async function fire(
  target: Target,
  { count, concurrency }: { count: number; concurrency: number },
): Promise<{ times: number[]; seconds: number }> {
  const send = sender(target, concurrency);
  const times: number[] = [];
  let left = count;
  const sending = async () => {
    while (left > 0) {
      left -= 1;
      const began = performance.now();
      await send(randomUUID());
      times.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, sending));
  const seconds = (performance.now() - began) / 1000;
  return { times: times.sort((a, b) => a - b), seconds };
}

async function post(url: string, options: { agent: Agent; headers: Record<string, string | number> }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(url, { ...options, method: 'POST' }, (response) => {
    text(response).then(() => resolve(response.statusCode ?? 0), reject);
  });
  sent.once('error', reject);
  sent.end(BODY);
  return promise;
}
