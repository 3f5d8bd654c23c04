import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEAST_ROLE, parseCommand } from '../../src/domain/command.ts';
import { renderProblem } from '../../src/domain/report.ts';

const command = (text: string) => {
  const parsed = parseCommand(text);
  if (parsed.kind !== 'command') throw new Error(`expected a command, got ${JSON.stringify(parsed)}`);
  return parsed.command;
};

const problem = (text: string) => {
  const parsed = parseCommand(text);
  if (parsed.kind !== 'problem') throw new Error(`expected a problem, got ${JSON.stringify(parsed)}`);
  return renderProblem(parsed.problem);
};

describe('a task', () => {
  it.each([
    ['/nofx add a slugify helper', 'add a slugify helper'],
    ['/nofx   add a helper  ', 'add a helper'],
    ['/nofx\tadd a helper', 'add a helper'],
    ['   /nofx add a helper', 'add a helper'],
    ['\r\n\n/nofx add a helper\r\n', 'add a helper'],
    ['/NOFX add a helper', 'add a helper'],
    ['/nofx\nadd a helper\n\nwith tests', 'add a helper\n\nwith tests'],
    ['/nofx add a helper\n\n- one\n- two\n\n```js\nx()\n```', 'add a helper\n\n- one\n- two\n\n```js\nx()\n```'],
    ['/nofx fix', 'fix'],
    ['/nofx implement', 'implement'],
    ['/nofx cancel the order when payment fails', 'cancel the order when payment fails'],
    ['/nofx status page shows the wrong time', 'status page shows the wrong time'],
    ['/nofx retry failed uploads three times', 'retry failed uploads three times'],
    ['/nofx help me sort this list', 'help me sort this list'],
    ['/nofx hlep text is misspelt', 'hlep text is misspelt'],
    ['/nofx config-file loader', 'config-file loader'],
    ['/nofx hlep\nthat word is misspelt in the docs', 'hlep\nthat word is misspelt in the docs'],
    ['Hello\n/nofx add a helper', 'add a helper'],
    ['> as Mona said\n\n/nofx add a helper', 'add a helper'],
    ['```\n/nofx not this\n```\n/nofx add a helper\n```js\nx()\n```', 'add a helper\n```js\nx()\n```'],
    ['<!-- a template\n/nofx not this\n-->\n/nofx add a helper', 'add a helper'],
    ['/nofx add a helper\n/nofx and another', 'add a helper\n/nofx and another'],
    ['/nofx approve the payment when it is due', 'approve the payment when it is due'],
  ])('%j', (text, prompt) => expect(command(text)).toEqual({ kind: 'run', prompt, options: {} }));
});

describe('not for us', () => {
  it.each([
    '',
    'please /nofx add a helper',
    '/nofxx add a helper',
    '/nofx-dev add a helper',
    '/nofx/add',
    'nofx add',
    '> /nofx add a helper',
    '    /nofx add a helper',
    '\t/nofx add a helper',
    '\n\n    /nofx add a helper',
    '```\n/nofx add a helper\n```',
    '~~~\n/nofx add a helper\n~~~',
    '`/nofx add a helper`',
    '- /nofx add a helper',
    '<!-- /nofx add a helper -->',
    '\u200b/nofx add a helper',
    '> they said\n/nofx add a helper',
    'Hello\n\n~~~~\n~~~\n/nofx add a helper',
    '<!--\n/nofx add a helper',
  ])('%j', (text) => expect(parseCommand(text)).toEqual({ kind: 'none' }));
});

describe('help', () => {
  it.each(['/nofx', '/nofx   ', '/nofx\n\n', '/nofx help', '/nofx HELP'])('%j', (text) =>
    expect(command(text)).toEqual({ kind: 'help' }),
  );
});

describe('commands', () => {
  it.each([
    [
      'plan the database migration\nin three parts',
      { kind: 'plan', prompt: 'the database migration\nin three parts', options: {} },
    ],
    ['plan', { kind: 'plan', prompt: '', options: {} }],
    ['PLAN the migration', { kind: 'plan', prompt: 'the migration', options: {} }],
    ['revise use a map instead', { kind: 'revise', prompt: 'use a map instead', options: {} }],
    ['approve', { kind: 'approve', of: null }],
    ['approve run_123', { kind: 'approve', of: 'run_123' }],
    ['retry', { kind: 'retry', step: null }],
    ['retry gate:lint', { kind: 'retry', step: 'gate:lint' }],
    ['cancel', { kind: 'cancel' }],
    ['Cancel', { kind: 'cancel' }],
    ['cancel\n\nno longer needed', { kind: 'cancel' }],
    ['status', { kind: 'status' }],
    ['rebase', { kind: 'rebase' }],
    ['unlock', { kind: 'unlock' }],
    ['config', { kind: 'config' }],
  ])('/nofx %s', (rest, expected) => expect(command(`/nofx ${rest}`)).toEqual(expected));

  it('asks what to revise', () => expect(problem('/nofx revise')).toContain('`/nofx revise <what you want>`'));
});

it('asks for the role that each command needs', () => {
  expect(LEAST_ROLE).toEqual({
    help: 'triage',
    status: 'triage',
    config: 'triage',
    run: 'write',
    plan: 'write',
    // Who may approve is the repository's to say, also by name.
    approve: 'read',
    revise: 'write',
    retry: 'write',
    rebase: 'write',
    cancel: 'write',
    unlock: 'maintain',
  });
});

describe('options', () => {
  it.each([
    ['--draft', { draft: true }],
    ['--no-pr', { openPr: false }],
    ['--model claude-opus-5-5', { model: 'claude-opus-5-5' }],
    ['--model=claude-opus-5-5 --draft', { model: 'claude-opus-5-5', draft: true }],
    ['--budget 2.50', { budgetUsd: 2.5 }],
    ['--budget $3', { budgetUsd: 3 }],
    ['--mode Hidden', { gitMode: 'hidden' }],
    ['--base release/1.x --no-pr', { base: 'release/1.x', openPr: false }],
    ['-- --draft --base next', { draft: true, base: 'next' }],
    ['--DRAFT', { draft: true }],
  ])('%s', (row, options) => {
    expect(command(`/nofx add a helper ${row}`)).toEqual({ kind: 'run', prompt: 'add a helper', options });
    expect(command(`/nofx plan add a helper ${row}\nand tests`)).toEqual({
      kind: 'plan',
      prompt: 'add a helper\nand tests',
      options,
    });
  });

  it.each([
    'add a --verbose flag to the tool',
    'let the tool take --watch',
    'document `--draft`',
    'fix this -- it is broken',
    'explain --draft and the rest of it',
    'use an em dash -- --',
  ])('are not seen in %j', (prompt) =>
    expect(command(`/nofx ${prompt}`)).toEqual({ kind: 'run', prompt, options: {} }),
  );

  it.each([
    ['--drft', 'unknown option "--drft", so nothing was started. Did you mean "--draft"?'],
    ['--draft --verbose', 'unknown option "--verbose"'],
    ['-- --verbose', 'unknown option "--verbose"'],
    ['--budget lots', '`--budget` takes an amount of US dollars'],
    ['--budget', '`--budget` takes an amount of US dollars'],
    ['--budget 0', '`--budget` takes an amount of US dollars'],
    ['--mode expert', '`--mode` takes one of hidden, basic, advanced'],
    ['--base ../x', '`--base` takes the name of a branch'],
    ['--draft=yes', '`--draft` takes no value'],
  ])('%s is told what is wrong', (row, answer) => expect(problem(`/nofx add a helper ${row}`)).toContain(answer));
});

describe('a near miss', () => {
  it.each([
    ['hlep', 'help'],
    ['cancle', 'cancel'],
    ['staus', 'status'],
    ['aprove', 'approve'],
    ['confg', 'config'],
    ['HELPP', 'help'],
  ])('%s: did you mean %s?', (typed, meant) => {
    expect(problem(`/nofx ${typed}`)).toContain(`unknown command "${typed}". Did you mean "${meant}"?`);
  });

  it('shows the word without markup', () => {
    expect(problem('/nofx h`lp')).toContain('unknown command "hlp"');
  });
});

it('never throws, and keeps every line of a prompt', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const parsed = parseCommand(`/nofx do this:\n${text}`);
      const prompt = `do this:\n${text.replace(/\r\n?/g, '\n')}`.trim();
      expect(parsed).toEqual({ kind: 'command', command: { kind: 'run', prompt, options: {} } });
      parseCommand(text);
      parseCommand(`/nofx ${text}`);
    }),
  );
});
