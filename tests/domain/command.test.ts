import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/domain/command.ts';

const message = (text: string) => {
  const command = parseCommand(text);
  if (command.kind !== 'reply') throw new Error(`expected a reply, got ${JSON.stringify(command)}`);
  return command.message;
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
  ])('%j', (text, prompt) => expect(parseCommand(text)).toEqual({ kind: 'run', prompt }));
});

describe('not for us', () => {
  it.each([
    '',
    'please /nofx add a helper',
    'Hello\n/nofx add a helper',
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
  ])('%j', (text) => expect(parseCommand(text)).toEqual({ kind: 'ignore' }));
});

describe('help', () => {
  it.each(['/nofx', '/nofx   ', '/nofx\n\n', '/nofx help', '/nofx HELP'])('%j', (text) =>
    expect(parseCommand(text)).toEqual({ kind: 'help' }),
  );
});

describe('commands of later versions', () => {
  it.each([
    'plan the database migration in three parts',
    'plan',
    'revise use a map instead',
    'approve',
    'approve run_123',
    'retry',
    'retry codegen',
    'cancel',
    'Cancel',
    'status',
    'rebase',
    'unlock',
    'config',
    'cancel\n\nno longer needed',
  ])('/nofx %s is answered, not run', (rest) => {
    expect(message(`/nofx ${rest}`)).toMatch(/is not in this version of NOFX yet, so nothing was started/);
  });
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
    expect(message(`/nofx ${typed}`)).toContain(`unknown command "${typed}". Did you mean "${meant}"?`);
  });

  it('shows the word without markup', () => {
    expect(message('/nofx h`lp')).toContain('unknown command "hlp"');
  });
});

it('never throws, and keeps every line of a prompt', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const command = parseCommand(`/nofx do this: ${text}`);
      expect(command).toEqual({ kind: 'run', prompt: `do this: ${text.replace(/\r\n?/g, '\n')}`.trim() });
      parseCommand(text);
    }),
  );
});
