import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { does, startHarness, type Harness, type Repository } from '../support/harness.ts';

/** What a job of GitHub's hands out, in the form it has today. */
const TOKEN = `ghs_${'1234'}_${'eyJhbGciOiJSUzI1NiJ9'}.${'a'.repeat(60)}.${'b'.repeat(90)}`;

describe.concurrent(`the gate before the pull request, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  const gateCheck = (kit: Repository) => kit.checkRuns().find(({ name }) => name === 'NOFX / gate: test')!;

  it('opens no pull request when the tests fail, and shows why and what to do next', async () => {
    const kit = await nofx.repository({
      config: null,
      files: {
        'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
        'add.js': 'export const add = (a, b) => a + b;\n',
        'add.test.js':
          "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { add } from './add.js';\n" +
          "test('adds numbers', () => assert.equal(add(1, 2), 3));\n",
      },
      model: does([['edit', { file_path: 'add.js', old_string: 'a + b', new_string: 'a - b' }]]),
    });
    const { issue, comment } = await kit.ask('/nofx break it');
    expect(kit.pullRequests()).toEqual([]);
    const answer = kit.answer(issue);
    expect(answer).toContain("NOFX could not finish @mona's task");
    expect(answer).toContain(
      '**What failed:** The tests (`npm test`) failed with exit code 1. No pull request was opened.',
    );
    expect(answer).toMatch(/^(not ok 1 -|✖) adds numbers/m);
    expect(answer).toContain('**Next:** Comment `/nofx <what it should do differently>`, or `/nofx retry`');
    expect(kit.reactions({ comment })).toEqual(['eyes', 'confused']);
    expect(kit.checks()).toEqual(['NOFX: completed/failure', 'NOFX / gate: test: completed/failure']);
    const check = gateCheck(kit);
    expect(check.head_sha).toBe((await kit.branches())[(await kit.ownBranches())[0]!]);
    expect(check.output.title).toBe('Failed with exit code 1');
    expect(check.output.text).toMatch(/^(not ok 1 -|✖) adds numbers/m);
    // The test is on that commit as it ran; the change is not, so what is wrong there can only be told in words.
    expect(check.annotations).toMatchObject([
      {
        path: 'add.test.js',
        start_line: 4,
        end_line: 4,
        annotation_level: 'failure',
        title: 'adds numbers',
        message: expect.stringContaining('Expected values to be strictly equal'),
      },
    ]);
    expect(answer).toContain('- `add.test.js:4` adds numbers: ');
    const run = await kit.run();
    expect(run.failure).toMatchObject({ kind: 'gate' });
    expect(run.steps.map(({ status }) => status)).toEqual([
      'succeeded',
      'succeeded',
      'failed',
      'failed',
      ...Array(3).fill('skipped'),
    ]);
    expect(run.artifacts.find(({ name }) => name === 'output.log')).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
    });
  });

  it('says that a program is missing on the server, and asks no model to mend that', async () => {
    const kit = await nofx.repository({ config: 'gates:\n  test: no-such-tool test ./...\n' });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    const answer = kit.answer(issue);
    expect(answer).toContain(
      '**What failed:** The tests (`no-such-tool test ./...`) could not be run: `no-such-tool` is not installed on the server that NOFX runs on. No pull request was opened.',
    );
    expect(answer).toContain(
      '**Next:** Ask whoever runs this NOFX to install it, or name other commands under `gates` in `.github/nofx.yml`. Then comment `/nofx retry`.',
    );
    expect((await kit.run()).steps.map(({ tool }) => tool)).toEqual([
      'codegen',
      'workspace:write',
      'gate:test',
      'git_pr',
    ]);
  });

  it('says where, for every line that is on the commit of the check', async () => {
    const say = (file: string, line: number) => `echo "${file}:${line}:1: error: line ${line} of it is wrong"`;
    const says = [
      say('kept.js', 2),
      ...Array.from({ length: 60 }, (_, at) => say('kept.js', at + 3)),
      say('notes.md', 1),
    ];
    const kit = await nofx.repository({
      config: 'gates:\n  lint: sh lint.sh\n',
      files: { 'kept.js': '// 1\n'.repeat(70), 'lint.sh': `${says.join('\n')}\n${say('elsewhere.js', 1)}\nexit 1\n` },
    });
    const { issue } = await kit.ask();
    const check = kit.checkRuns().find(({ name }) => name === 'NOFX / gate: lint')!;
    expect(check.annotations.map(({ path, start_line: line }) => `${path}:${line}`)).toEqual(
      Array.from({ length: 61 }, (_, at) => `kept.js:${at + 2}`),
    );
    expect(kit.answer(issue)).toContain('- `kept.js:2` line 2 of it is wrong');
    expect(kit.answer(issue)).toContain('- … and 52 more');
  });

  it('runs the set-up and the tests of the base branch, and commits nothing of what they made', async () => {
    const test =
      'grep -q ready "$HOME/set-up" && grep -q Noted notes.md && echo changed > notes.md && echo new > made-by-test.txt';
    const kit = await nofx.repository({ config: `setup: echo ready > "$HOME/set-up"\ngates:\n  test: ${test}\n` });
    await kit.ask();
    const { head, body } = kit.pullRequest();
    expect(body).toContain('grep -q Noted notes.md');
    expect(gateCheck(kit).conclusion).toBe('success');
    expect(kit.git('show', `${head.sha}:notes.md`)).toBe('Noted.\n');
    expect(kit.git('diff', '--name-only', 'main', head.sha).trim()).toBe('notes.md');
  });

  it('fails when the set-up fails', async () => {
    const kit = await nofx.repository({ config: 'setup: echo no such package; exit 3\ngates:\n  test: "true"\n' });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('The set-up command `echo no such package; exit 3` failed with exit code 3');
    expect(kit.answer(issue)).toMatch(/^no such package$/m);
    expect(kit.pullRequests()).toEqual([]);
  });

  it('is not moved by a change that would choose its own judge', async () => {
    const kit = await nofx.repository({
      config: null,
      model: ({ turn: step }) =>
        step === 0
          ? turn.tools([
              [
                'write',
                { file_path: 'package.json', content: '{ "type": "module", "scripts": { "test": "true" } }\n' },
              ],
              ['write', { file_path: 'Makefile', content: 'test:\n\ttrue\n' }],
            ])
          : turn.text('Now everything passes.'),
      files: {
        'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
        'strict.test.js':
          "import { existsSync } from 'node:fs';\nimport { test } from 'node:test';\n" +
          "test('never', () => {\n  if (existsSync('Makefile')) throw new Error('still here');\n});\n",
        '.github/nofx.yml': 'gates:\n  test: node --test\n',
      },
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.answer(issue)).toContain('The tests (`node --test`) failed');
    expect(kit.answer(issue)).toContain('still here');
  });

  it('is neutral, not green, where no tests were found, and the pull request says so', async () => {
    const kit = await nofx.repository({ config: null, files: { 'README.md': '# Words only\n' } });
    const { issue } = await kit.ask();
    expect(kit.pullRequest().body).toContain('⚪ **test** was not run: no command was found for it');
    expect(kit.answer(issue)).toContain('⚪ **test** was not run');
    expect(gateCheck(kit).conclusion).toBe('neutral');
    expect(gateCheck(kit).output.summary).toContain('.github/nofx.yml');
    expect(kit.checks(kit.pullRequest().head.sha)).toEqual([
      'NOFX: completed/success',
      'NOFX / gate: test: completed/neutral',
    ]);
  });

  it('lets no secret out that a test prints', async () => {
    const split = [TOKEN.slice(0, 30), TOKEN.slice(30)];
    const kit = await nofx.repository({
      config: 'gates:\n  test: sh print.sh\n',
      files: { 'print.sh': `printf '%s%s\\n' '${split[0]}' '${split[1]}'\nexit 1\n` },
    });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('[redacted]');
    const run = await kit.run();
    const log = run.artifacts.find(({ name }) => name === 'output.log')!;
    const everything = {
      answer: kit.answer(issue),
      checks: JSON.stringify(kit.checkRuns()),
      artifact: readFileSync(join(nofx.dataDir, 'artifacts', log.path), 'utf8'),
      events: JSON.stringify(run.events),
      steps: JSON.stringify(run.steps),
      log: nofx.log().join(''),
    };
    expect(everything.artifact).toContain('[redacted]');
    const leaks = Object.entries(everything).filter(([, text]) => text.includes('b'.repeat(60)));
    expect(leaks.map(([where]) => where)).toEqual([]);
  });

  it('stops tests that take longer than they may', async () => {
    const kit = await nofx.repository({
      config: 'gates:\n  test:\n    command: echo begun; sleep 600\n    timeout_minutes: 0.01\n',
    });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('ran out of time');
    expect(kit.answer(issue)).toMatch(/^begun$/m);
    expect(gateCheck(kit).conclusion).toBe('timed_out');
    expect(kit.checks()).toContain('NOFX: completed/failure');
    expect(kit.pullRequests()).toEqual([]);
  });

  it('gives tests no network: not the world, not NOFX, not its database', async () => {
    const reached: string[] = [];
    const server = createServer((request, response) => {
      reached.push(request.url ?? '');
      response.end('hello');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { link } = nofx.nofx.database;
    const database = link.kind === 'postgres' ? new URL(link.url).port : '5432';
    const targets = [
      (server.address() as AddressInfo).port,
      new URL(nofx.nofx.url).port,
      new URL(nofx.github.url).port,
      database,
    ];
    const attempt = (host: string, port: number | string) =>
      `node -e 'require("net").connect(${port}, "${host}").on("connect", () => process.exit(0)).on("error", () => process.exit(9))' && echo reached ${port}`;
    const script = [...targets.map((port) => attempt('127.0.0.1', port)), attempt('1.1.1.1', 443)].join('\n');
    const kit = await nofx.repository({
      config: 'gates:\n  test: sh try.sh; exit 1\n',
      files: { 'try.sh': `${script}\necho tried all\n` },
    });
    const { issue } = await kit.ask();
    server.close();
    expect(kit.answer(issue)).toMatch(/^tried all$/m);
    expect(kit.answer(issue)).not.toContain('reached');
    expect(reached).toEqual([]);
  });

  it('gives tests nothing of the environment of NOFX, and no way to its files', async () => {
    const kit = await nofx.repository({
      config: `gates:\n  test: env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; ls ${nofx.dataDir}; exit 1\n`,
    });
    const { issue } = await kit.ask();
    const shown = JSON.stringify(kit.checkRuns()) + kit.answer(issue);
    expect(shown).toContain('PATH=');
    const leaks = ['PRIVATE_KEY', 'WEBHOOK_SECRET', 'ANTHROPIC', 'DATABASE_URL', 'NOFX_', 'VITEST', 'artifacts'];
    expect(leaks.filter((word) => shown.includes(word))).toEqual([]);
  });
});
