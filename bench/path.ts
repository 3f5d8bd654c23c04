import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseOptions } from '../src/db/client.ts';
import { createGitHubStandIn } from '../src/playground/github-stand-in.ts';
import { turn, type ScriptRequest } from '../src/playground/model-script.ts';
import { createScriptedModel } from '../src/playground/model.ts';
import { sampleFiles } from '../src/playground/sample.ts';
import { startChild } from './child.ts';
import type { Drained, NofxQuestion, NofxSettings } from './nofx-process.ts';
import { now } from './observe.ts';
import { wayOf, type Way } from './timeline.ts';

export type Setting = { name: string; database: DatabaseOptions; writeIntervalMs: number; runs: number };
export type Measured = { name: string; ways: Way[] };

const REPO = 'acme/text-kit';
const USER = 'mona';
const WARM_UPS = 2;

/** One file written, then the closing words: a model that takes no time. */
const instant = ({ turn: step }: ScriptRequest) =>
  step === 0
    ? turn.tool('write', { file_path: 'src/shout.js', content: 'export const shout = (text) => text.toUpperCase();\n' })
    : turn.text('Adds `shout`.');

/** From the comment to the pull request, run after run, the settings taking turns so that a slow minute hits all. */
export async function measurePath(settings: readonly Setting[]): Promise<Measured[]> {
  const model = await createScriptedModel({ script: instant });
  const houses = await Promise.all(settings.map((setting) => openHouse(setting, model.url)));
  const measured: Measured[] = settings.map(({ name }) => ({ name, ways: [] }));
  try {
    for (let round = 0; round < WARM_UPS + Math.max(...settings.map(({ runs }) => runs)); round += 1) {
      for (const [index, house] of houses.entries()) {
        if (round >= WARM_UPS + settings[index]!.runs) continue;
        const way = await house.run();
        if (round >= WARM_UPS) measured[index]!.ways.push(way);
      }
    }
    return measured;
  } finally {
    for (const house of houses) await house.close();
    await model.stop();
  }
}

/** A GitHub stand-in in this process and a NOFX in its own. */
async function openHouse({ database, writeIntervalMs }: Setting, modelUrl: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'nofx-bench-'));
  const github = await createGitHubStandIn();
  const secret = randomBytes(24).toString('hex');
  const nofx = await startChild<NofxQuestion>('nofx-process.ts', {
    environment: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NOFX_SANDBOX: process.env['NOFX_SANDBOX'],
      APP_ID: String(github.app.id),
      PRIVATE_KEY: github.app.privateKey,
      WEBHOOK_SECRET: secret,
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
      ANTHROPIC_API_KEY: 'canned-key',
      ANTHROPIC_BASE_URL: modelUrl,
      NOFX_DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: '0',
    },
    database: database.kind === 'pglite' && database.dir !== null ? { ...database, dir: dataDir } : database,
    writeIntervalMs,
    modelOrigin: new URL(modelUrl).origin,
  } satisfies NofxSettings);
  github.setWebhook({ url: `${String(nofx.ready['url'])}/api/github/webhooks`, secret });
  await github.createRepository({
    owner: 'acme',
    name: 'text-kit',
    files: await sampleFiles(),
    collaborators: { [USER]: 'write' },
  });

  async function settle(): Promise<Drained> {
    const before = github.deliveries().length;
    await github.settled();
    const drained = await nofx.ask<Drained>('drain');
    return github.deliveries().length === before ? drained : merge(drained, await settle());
  }
  return {
    async run(): Promise<Way> {
      const { number } = await github.openIssue({ repo: REPO, title: 'Add a shout helper', body: '', by: USER });
      await settle();
      // Whatever the issue set off is over; what the last second's polling left does not count either.
      await sleep(200 + Math.random() * 800);
      await nofx.ask<Drained>('drain');
      const pulls = github.pullRequests(REPO).length;
      const sent = now();
      await github.comment({ repo: REPO, issue: number, body: '/nofx add a shout helper', by: USER });
      const { observed, tools } = await settle();
      const settled = Math.max(...observed.jobs.map(({ end }) => end));
      if (github.pullRequests(REPO).length !== pulls + 1)
        throw new Error(`No pull request came of it:\n${answers(number)}`);
      return wayOf(observed, { sent, settled, tools });
    },
    async close() {
      github.setWebhook(null);
      await nofx.stop();
      await github.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };

  function answers(issue: number): string {
    return github
      .comments(REPO, issue)
      .map(({ body }) => body)
      .join('\n\n');
  }
}

function merge(a: Drained, b: Drained): Drained {
  const lists = (key: 'spans' | 'jobs' | 'arrivals') => [...a.observed[key], ...b.observed[key]];
  return {
    observed: { spans: lists('spans'), jobs: lists('jobs'), arrivals: lists('arrivals') } as Drained['observed'],
    tools: b.tools,
  };
}
