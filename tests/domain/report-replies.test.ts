import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCommand } from '../../src/domain/command.ts';
import { parseRepoConfig } from '../../src/domain/parse-repo-config.ts';
import { GitMode } from '../../src/domain/project.ts';
import {
  renderConfig,
  renderHelp,
  renderProblem,
  renderRefusal,
  renderStatus,
  type RunView,
} from '../../src/domain/report.ts';
import { writtenConfig } from '../../src/domain/report-config.ts';
import { runConfigOf } from '../../src/domain/run-config.ts';

const LIMIT = 60_000;
const view: RunView = {
  id: 'run_1',
  status: 'running',
  goal: 'add the notes',
  requester: { login: 'mona' },
  startedAt: new Date(0),
  endedAt: null,
  branch: 'nofx/1-notes-1',
  base: 'main',
  steps: [{ name: 'codegen', tool: 'codegen', status: 'running', startedAt: new Date(0), endedAt: null }],
  usage: null,
  cost: { usd: 0.5, cappedUsd: 0.5 },
  gates: [],
  pullRequest: null,
  error: null,
  files: [],
  summary: '',
  gitMode: 'basic',
};
const today = { runs: 2, usd: 1.5, limitUsd: 20 };

describe('the status', () => {
  it.each(GitMode.options)('reads well in the mode %s', (gitMode) => {
    const failed: RunView = {
      ...view,
      status: 'failed',
      endedAt: new Date(30_000),
      error: { kind: 'gate', message: 'The tests failed.', next: '' },
      pullRequest: { number: 7, url: 'https://github.com/acme/kit/pull/7' },
    };
    expect(renderStatus({ open: [view, { ...view, waitsFor: 1 }], last: failed, today, gitMode })).toMatchSnapshot();
  });

  it('stays within what GitHub takes, whatever the runs say', () => {
    const huge = fc.string({ unit: fc.constantFrom('x', '`', '@a', '<!--', '\n', '🙂', '|', '*'), maxLength: 4_000 });
    fc.assert(
      fc.property(huge, fc.nat(40), (text, count) => {
        const wild: RunView = {
          ...view,
          goal: text,
          requester: { login: text },
          branch: text,
          status: 'failed',
          error: { kind: 'model', message: text, next: text },
        };
        const said = renderStatus({
          open: Array.from({ length: count }, () => wild),
          last: wild,
          today,
          gitMode: 'basic',
        });
        expect(Buffer.byteLength(said)).toBeLessThanOrEqual(LIMIT);
        // By its first line a comment of ours is known.
        expect(said).not.toMatch(/^<!--/m);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the configuration', () => {
  const wild = parseRepoConfig(
    `label: do it\ngates:\n  lint: npm run lint\n  test: { command: npm test, timeout_minutes: 5, setup: false }\nsetup: npm ci\nreviewers: [octocat, acme/crew]\nbudgets: { per_run_usd: 2 }\napprovers: [mona]\nmax_diff: { files: 10 }\n`,
  );
  if (!wild.ok) throw new Error('The example has mistakes.');
  const config = runConfigOf(wild.value);

  it('is shown as it could be written, and means the same when it is', () => {
    const written = parseRepoConfig(JSON.stringify(writtenConfig(config)));
    expect(written.ok && runConfigOf(written.value)).toEqual(config);
    const plain = parseRepoConfig(JSON.stringify(writtenConfig(runConfigOf({}))));
    expect(plain.ok && runConfigOf(plain.value)).toEqual(runConfigOf({}));
  });

  it.each(GitMode.options)('reads well in the mode %s', (gitMode) => {
    const said = renderConfig({ config, sources: { own: true, organization: 'acme/.github' }, gitMode });
    expect(said).toMatchSnapshot();
    expect(parse(/```yaml\n([^]*?)\n```/.exec(said)![1]!)).toMatchObject({ label: 'do it' });
  });

  it('stays within what GitHub takes', () => {
    const labels = Array.from({ length: 50 }, (_, at) => `${'`'.repeat(40)}${at}`);
    const protectedPaths = Array.from({ length: 200 }, (_, at) => `${'x'.repeat(300)}${at}`);
    const said = renderConfig({
      config: { ...config, labels, protectedPaths },
      sources: { own: false, organization: null },
      gitMode: 'basic',
    });
    expect(Buffer.byteLength(said)).toBeLessThanOrEqual(LIMIT);
  });
});

describe('answers', () => {
  it.each(GitMode.options)('help reads well in the mode %s', (gitMode) => {
    expect(renderHelp({ gitMode, label: 'nofx' })).toMatchSnapshot();
  });

  it('names only commands that are some', () => {
    const said = renderHelp({ gitMode: 'basic', label: 'nofx' });
    const commands = [...said.matchAll(/^- `\/nofx ([a-z]+)/gm)].map(([, word]) => word!);
    expect(commands.length).toBeGreaterThan(8);
    for (const word of commands) {
      const parsed = parseCommand(`/nofx ${word} x`.replace(/ x$/, word === 'revise' || word === 'plan' ? ' x' : ''));
      expect(parsed).toMatchObject({ kind: 'command', command: { kind: word } });
    }
  });

  it('stay short and harmless, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3_000 }), (text) => {
        for (const typed of [`/nofx ${text}`, `/nofx x --${text}`, `/nofx x -- --${text}`, `/nofx x --base ${text}`]) {
          const parsed = parseCommand(typed);
          if (parsed.kind !== 'problem') continue;
          const said = renderProblem(parsed.problem);
          expect(Buffer.byteLength(said)).toBeLessThan(1_000);
          expect(said.replaceAll('`/nofx', '')).not.toMatch(/@[a-z]|<!--|\]\(/i);
        }
        const refused = renderRefusal({ login: text, role: 'read', command: 'run', gitMode: 'basic' });
        expect(Buffer.byteLength(refused)).toBeLessThan(1_000);
      }),
    );
  });
});
