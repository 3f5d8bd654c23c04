import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import type { ScriptRequest, Turn } from '../../src/playground/model-script.ts';
import { lane } from '../support/database.ts';
import { startHarness, writesNotes, type Harness, type Repository } from '../support/harness.ts';

const IMPORTS = "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\n";

/** A repository with one test that is red, and one that is green. */
const RED = {
  'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
  'greeting.txt': 'Hello\n',
  'red.test.js': `${IMPORTS}test('knows the year', () => assert.equal(2025, 2026));\n`,
  'green.test.js': `${IMPORTS}import { readFileSync } from 'node:fs';
test('greets', () => assert.match(readFileSync('greeting.txt', 'utf8'), /^H/));\n`,
};

/** Writes a file; each attempt to mend it writes the next of these. */
const writes =
  (file: string, contents: string[], told: string[] = []) =>
  ({ turn: step, prompt }: ScriptRequest): Turn => {
    if (step > 0) return turn.text('Done.');
    told.push(prompt);
    const attempt = Number(/this is attempt (\d) of/.exec(prompt)?.[1] ?? 0);
    return turn.tool('write', { file_path: file, content: contents[attempt] ?? contents.at(-1)! });
  };

describe.concurrent(`a gate that is red on the base as well, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  const stepsOf = async (kit: Repository) => (await kit.run()).steps.map(({ name, status }) => `${name}: ${status}`);
  const runsOnBase = async (kit: Repository) =>
    (await kit.run()).artifacts.filter(({ name }) => name === 'base.log').length;

  it('costs no repair where it fails in the same way, and is told beside a draft', async () => {
    const told: string[] = [];
    const more = `${IMPORTS}test('is new', () => {});\n`;
    const kit = await nofx.repository({ config: null, files: RED, model: writes('new.test.js', [more], told) });
    const base = kit.git('rev-parse', '--short=7', 'main').trim();
    const { issue } = await kit.ask('/nofx add a page about us');
    expect(told).toHaveLength(1);
    expect(await stepsOf(kit)).toEqual([
      'codegen: succeeded',
      'write: succeeded',
      'test: neutral',
      'pull_request: succeeded',
    ]);
    const { head, draft, body } = kit.pullRequest();
    expect(draft).toBe(true);
    const why = `The pull request is a draft: **test** did not pass. \`npm test\` fails on the base (\`${base}\`) in the same way, without this change. Once that is mended there, \`/nofx rebase\` has this checked again.`;
    const answer = kit.answer(issue);
    for (const text of [body!, answer]) {
      expect(text).toContain(why);
      expect(text).toMatch(/❌ \*\*test\*\* failed with exit code 1 .* — as it does without this change$/m);
      expect(text).toContain(`The end of its output on <code>${base}</code>, without this change`);
      expect(text.match(/^(not ok \d -|✖) knows the year/gm)!.length).toBeGreaterThan(1);
    }
    expect(kit.checks(head.sha)).toEqual(['NOFX: completed/neutral', 'NOFX / gate: test: completed/failure']);
    const check = kit.checkRuns(head.sha).find(({ name }) => name === 'NOFX / gate: test')!;
    expect(check.output.summary).toContain('as it does without this change');
    expect(check.output.text).toContain(`on <code>${base}</code>, without this change`);
  });

  it('gives the model only what is not wrong there, and ends as above when that is mended', async () => {
    const told: string[] = [];
    const kit = await nofx.repository({
      config: null,
      files: RED,
      model: writes('greeting.txt', ['Bonjour\n', 'Hallo\n'], told),
    });
    const { issue } = await kit.ask('/nofx greet in German');
    expect(await stepsOf(kit)).toEqual([
      'codegen: succeeded',
      'write: succeeded',
      'test: failed',
      'repair-1: succeeded',
      'write-1: succeeded',
      'test-1: neutral',
      'pull_request: succeeded',
    ]);
    const found = /kind="gate findings">\n(.*?)\n<\/data/s.exec(told[1]!)?.[1];
    expect(found).toMatch(/^green\.test\.js:4: /);
    expect(found).not.toContain('red.test.js');
    expect(told[1]).toContain('The same gate fails on the base branch as well, without any of this change, but what');
    expect(kit.pullRequest().draft).toBe(true);
    expect(kit.answer(issue)).toContain('in the same way, without this change');
    expect(await runsOnBase(kit)).toBe(1);
  });

  it('is mended as ever where that cannot be told, and everybody hears of it', async () => {
    const told: string[] = [];
    const kit = await nofx.repository({
      config: 'gates:\n  test: grep -q 42 answer.txt\n',
      files: { 'answer.txt': '40\n' },
      model: writes('answer.txt', ['41\n', '4\n', '2\n'], told),
    });
    const base = kit.git('rev-parse', '--short=7', 'main').trim();
    const { issue } = await kit.ask('/nofx give the answer');
    expect(told).toHaveLength(3);
    expect(told[1]).toContain('without any of this change, and whether for the same reason is not known.');
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.answer(issue)).toContain(
      `failed with exit code 1. It fails on the base (\`${base}\`) as well, without the change; whether for the same reason could not be told. No pull request was opened. NOFX tried 2 times to mend it.`,
    );
    expect(await runsOnBase(kit)).toBe(1);
  });

  it('is mended where that is what was asked for', async () => {
    const test = 'grep -q 42 answer.txt || { echo "not the answer"; exit 1; }';
    const kit = await nofx.repository({
      config: `gates:\n  test: '${test}'\n`,
      files: { 'answer.txt': '40\n' },
      model: writes('answer.txt', ['41\n', '42\n']),
    });
    await kit.ask('/nofx fix the failing test');
    expect((await stepsOf(kit)).slice(2, 4)).toEqual(['test: failed', 'repair-1: succeeded']);
    expect(kit.pullRequest().draft).toBe(false);
  });

  it('is not taken for red there for want of what an earlier gate leaves behind', async () => {
    const kit = await nofx.repository({
      config: `max_repairs: 0\ngates:\n  build: mkdir -p dist && echo built > dist/all\n  test: 'cat dist/all && if grep -q Noted notes.md; then echo bad notes; exit 1; fi'\n`,
      files: { '.gitignore': 'dist\n', 'notes.md': '' },
      model: writesNotes,
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.answer(issue)).toContain('failed with exit code 1. No pull request was opened.');
    expect(await runsOnBase(kit)).toBe(1);
  });
});
