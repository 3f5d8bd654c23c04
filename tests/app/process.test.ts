import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitHubStandIn, type GitHubStandIn } from '../../src/playground/github-stand-in.ts';
import { createScriptedModel, turn, type ScriptedModel } from '../../src/playground/model.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import { freshDatabaseOptions, lane } from '../support/database.ts';
import { NPM_START } from '../support/npm-start.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

describe(`the process that npm start runs, on ${lane}`, () => {
  let folder: string;
  let github: GitHubStandIn;
  let model: ScriptedModel;
  let app: Record<string, string>;
  /** Lets the model answer; until then it thinks. */
  let answer: () => void;
  const asked = Promise.withResolvers<void>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nofx-process-'));
    github = await createGitHubStandIn();
    const thought = new Promise<void>((resolve) => (answer = resolve));
    model = await createScriptedModel({
      script: async ({ turn: step }) => {
        if (step > 0) return turn.text('Adds the notes.');
        asked.resolve();
        await thought;
        return turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
      },
    });
    const database = await freshDatabaseOptions();
    app = {
      APP_ID: String(github.app.id),
      PRIVATE_KEY: github.app.privateKey,
      WEBHOOK_SECRET: 'a secret of this test',
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
      ANTHROPIC_API_KEY: 'canned-key',
      ANTHROPIC_BASE_URL: model.url,
      NOFX_DATA_DIR: join(folder, 'data'),
      PORT: '0',
      ...(database.kind === 'postgres' ? { DATABASE_URL: database.url } : {}),
    };
  });
  afterAll(async () => {
    await model.stop();
    await github.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  /** Nothing of this machine's environment but what every program needs, and no `.env` of anybody's. */
  const start = (environment: Record<string, string>, [program, ...args] = ['sh', ...NPM_START.shell]) => {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, HOME, NODE_COMPILE_CACHE, ...environment };
    return execa(program!, args, {
      cwd: folder,
      env,
      extendEnv: false,
      reject: false,
      all: true,
      timeout: 90_000,
    });
  };

  /** Ends with the first part of what it says that fits; fails when it ends before. */
  async function said(running: ReturnType<typeof start>, pattern: RegExp): Promise<string> {
    let text = '';
    const found = new Promise<string>((resolve) => {
      running.all!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const part = pattern.exec(text)?.[1];
        if (part) resolve(part);
      });
    });
    const ended = running.then(() => {
      throw new Error(`It ended before it said ${pattern}:\n${text}`);
    });
    return Promise.race([found, ended]);
  }
  /** Has GitHub send its webhooks there, once it is ready. */
  async function ready(running: ReturnType<typeof start>): Promise<void> {
    const url = await said(running, /"webhooks":"([^"]+)"/);
    github.setWebhook({ url, secret: app['WEBHOOK_SECRET']! });
  }

  it('leads to an app when none is configured, to whoever has its link, and ends when told', async () => {
    const running = start({ PORT: '0' });
    const link = await said(running, /(http:\S+\?token=\S+)/);
    const entered = await fetch(link, { redirect: 'manual' });
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/']);
    const cookie = entered.headers.getSetCookie()[0]!.split(';')[0]!;
    const page = await fetch(new URL('/', link), { headers: { cookie } });
    expect(await page.text()).toContain('npm run demo');
    running.kill('SIGTERM');
    const { exitCode, all } = await running;
    expect(exitCode).toBe(0);
    expect(all).toContain('npm run demo');
  });

  it('does not wait for an app where there is no page to make one on', async () => {
    const worker = { NOFX_ROLE: 'worker', DATABASE_URL: 'postgres://127.0.0.1:9/nofx', NOFX_ARTIFACTS_DIR: folder };
    const { exitCode, all } = await start(worker);
    expect(exitCode).toBe(1);
    expect(all).toContain('APP_ID, PRIVATE_KEY_PATH and WEBHOOK_SECRET');
  });

  it('lists every mistake of its configuration at once, and no secret', async () => {
    const { exitCode, all } = await start({
      APP_ID: 'four',
      WEBHOOK_SECRET: 'short',
      PORT: 'http',
      GHE_PROTOCOL: 'http',
      NOFX_MODLE: 'x',
    });
    expect(exitCode).toBe(1);
    const mistakes = all.split('\n').filter((line) => line.startsWith('  - '));
    expect(mistakes.map((line) => line.slice(4).split(':')[0]!).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'APP_ID',
      'GHE_PROTOCOL',
      'NOFX_MODLE',
      'PORT',
      'PRIVATE_KEY',
      'WEBHOOK_SECRET',
    ]);
    expect(all).toContain('Did you mean NOFX_MODEL?');
    expect(all).not.toContain('short\n');
  });

  it('works, ends with 0 on SIGTERM, and goes on where it was when it is started again, after a kill too', async () => {
    const { id } = await github.createRepository({
      owner: 'acme',
      name: 'text-kit',
      files: { ...(await sampleFiles()), '.github/nofx.yml': 'gates:\n  test: "true"\n' },
      collaborators: { mona: 'write' },
    });
    expect(id).toBeGreaterThan(0);
    const repo = 'acme/text-kit';
    const first = start(app);
    await ready(first);

    if (lane === 'pglite') {
      const [second, command] = await Promise.all([start(app), start(app, [process.execPath, CLI, 'dead', 'list'])]);
      for (const { exitCode, all } of [second, command]) {
        expect(exitCode).toBe(1);
        expect(all).toContain('Another process is using the embedded database in');
      }
      expect(second.all).toContain('NOFX_DATA_DIR');
      expect(command.stderr).toContain('Stop it');
    }

    const { number } = await github.openIssue({ repo, title: 'Add the notes', by: 'mona' });
    await github.comment({ repo, issue: number, body: '/nofx add the notes', by: 'mona' });
    await asked.promise;
    first.kill('SIGTERM');
    answer();
    const ended = await first;
    expect([ended.exitCode, ended.signal]).toEqual([0, undefined]);
    expect(ended.all).not.toMatch(/"level":(50|60)/);
    expect(ended.all).not.toContain(app['WEBHOOK_SECRET']);
    expect(github.pullRequests(repo)).toEqual([]);

    const listed = await start(app, [process.execPath, CLI, 'dead', 'list']);
    expect(listed).toMatchObject({ exitCode: 0, stdout: 'There are no dead letters.' });

    const killed = start(app);
    const stepped = said(killed, /"(step started)"/);
    await ready(killed);
    await stepped;
    killed.kill('SIGKILL');
    await killed;

    const again = start(app);
    await ready(again);
    await expect
      .poll(() => github.checkRuns(repo).filter(({ conclusion }) => conclusion === 'success'), {
        timeout: 60_000,
        interval: 100,
      })
      .toHaveLength(4);
    again.kill('SIGTERM');
    expect((await again).exitCode).toBe(0);
    expect(github.pullRequests(repo)).toHaveLength(1);
    expect(github.comments(repo, number).filter(({ user }) => user?.login === 'nofx[bot]')).toHaveLength(1);
  });
});
