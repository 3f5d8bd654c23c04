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

type Target = { name: string; child: Child<NofxQuestion>; url: string };

/**
 * From the first byte of a signed delivery to its 202, against NOFX in a process of its own and, beside
 * it, against the same HTTP server that only checks the signature. Rounds go from target to target, so
 * that a slow moment of the machine hits all of them. Between rounds each works off its inbox.
 */
export async function measureWebhooks({ deliveries, rounds, postgresUrl }: WebhookOptions): Promise<WebhookFigures[]> {
  const secret = randomBytes(24).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'nofx-bench-'));
  const targets = await startTargets(secret, folder, postgresUrl);
  const body = Buffer.from(JSON.stringify(examplePayload()));
  try {
    for (const target of targets)
      await fire(target, { body, secret, count: Math.min(deliveries, 100), concurrency: 4 });
    const figures: WebhookFigures[] = [];
    for (const concurrency of CONCURRENCY) {
      const results = new Map(
        targets.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[], perSecond: [] as number[] }]),
      );
      for (let round = 0; round < rounds; round += 1) {
        for (const target of targets) {
          await target.child.ask('drain');
          const { times, seconds } = await fire(target, { body, secret, count: deliveries, concurrency });
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
    for (const { child } of targets) await child.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function startTargets(secret: string, folder: string, postgresUrl: string): Promise<Target[]> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const nofx = (dataDir: string, database: NofxSettings['database']) =>
    startChild<NofxQuestion>('nofx-process.ts', {
      environment: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        APP_ID: '1',
        PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
        WEBHOOK_SECRET: secret,
        // Nothing is asked of GitHub: the comment is no command.
        GHE_HOST: '127.0.0.1:9',
        GHE_PROTOCOL: 'http',
        NOFX_DATA_DIR: dataDir,
        HOST: '127.0.0.1',
        PORT: '0',
      },
      database,
      writeIntervalMs: 0,
      modelOrigin: null,
    } satisfies NofxSettings);

  const onDisk = join(folder, 'on-disk');
  const started: [string, Child<NofxQuestion>][] = [
    ['floor: signature only', await startChild<NofxQuestion>('floor-process.ts', { secret })],
    ['PGlite in memory', await nofx(join(folder, 'in-memory'), { kind: 'pglite', dir: null })],
    ['PGlite on disk', await nofx(onDisk, { kind: 'pglite', dir: onDisk })],
    ['Postgres', await nofx(join(folder, 'postgres'), { kind: 'postgres', url: postgresUrl })],
  ];
  return started.map(([name, child]) => ({ name, child, url: `${String(child.ready['url'])}/api/github/webhooks` }));
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

type Volley = { body: Buffer; secret: string; count: number; concurrency: number };

/** Sends `count` deliveries, each of its own GUID, `concurrency` at a time. Times in ms, sorted. */
async function fire(
  { url }: Target,
  { body, secret, count, concurrency }: Volley,
): Promise<{ times: number[]; seconds: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-github-event': 'issue_comment',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  const times: number[] = [];
  let left = count;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      const began = performance.now();
      const status = await post(url, { agent, headers: { ...headers, 'x-github-delivery': randomUUID() } }, body);
      times.push(performance.now() - began);
      if (status !== 202) throw new Error(`A delivery was answered ${status}.`);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, sender));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return { times: times.sort((a, b) => a - b), seconds };
}

async function post(
  url: string,
  options: { agent: Agent; headers: Record<string, string | number> },
  body: Buffer,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(url, { ...options, method: 'POST' }, (response) => {
    text(response).then(() => resolve(response.statusCode ?? 0), reject);
  });
  sent.once('error', reject);
  sent.end(body);
  return promise;
}
