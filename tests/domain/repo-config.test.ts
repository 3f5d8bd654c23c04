import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepoConfig } from '../../src/domain/repo-config.ts';

const errorsOf = (text: string) => {
  const result = parseRepoConfig(text);
  if (result.ok) throw new Error('expected errors');
  return result.errors.map((error) => `${error.line}: ${error.message}`);
};

it('takes the short form', () => {
  expect(parseRepoConfig('gates:\n  test: npm test\nsetup: npm ci\n')).toEqual({
    ok: true,
    value: { gates: { test: { command: 'npm test' } }, setup: { command: 'npm ci', allowScripts: false, domains: [] } },
  });
});

it('takes the long form', () => {
  const text = `
gates:
  test: { command: npm test, timeout_minutes: 20 }
setup:
  command: npm ci
  allow_scripts: true
  domains: [registry.example.com, "*.example.org"]
git_mode: hidden
base: develop
draft: true
model: claude-sonnet-4-5
label: bot-please
`;
  expect(parseRepoConfig(text)).toEqual({
    ok: true,
    value: {
      gates: { test: { command: 'npm test', timeoutMinutes: 20 } },
      setup: { command: 'npm ci', allowScripts: true, domains: ['registry.example.com', '*.example.org'] },
      gitMode: 'hidden',
      base: 'develop',
      draft: true,
      model: 'claude-sonnet-4-5',
      label: 'bot-please',
    },
  });
});

it.each(['', '# nothing\n', '---\n'])('takes an empty file: %j', (text) => {
  expect(parseRepoConfig(text)).toStrictEqual({ ok: true, value: {} });
});

describe('mistakes', () => {
  it('reports all of them, with their lines, in order', () => {
    expect(
      errorsOf(
        'gate:\n  test: npm test\ngit_mode: expert\ndraft: "yes"\nsetup:\n  comand: npm ci\n  command: npm ci\ncolour: red\n',
      ),
    ).toEqual([
      '1: unknown key "gate". Did you mean "gates"?',
      '3: git_mode: Invalid option: expected one of "hidden"|"basic"|"advanced"',
      '4: draft: Invalid input: expected boolean, received string',
      '6: setup: unknown key "comand". Did you mean "command"?',
      '8: unknown key "colour". Known here: gates, setup, git_mode, base, draft, model, label.',
    ]);
  });

  it.each([
    ['gates:\n  test: [npm, test]', '2: gates.test: must be a command, or an object with `command`'],
    [
      'gates:\n  test:\n    timeout_minutes: 5',
      '2: gates.test.command: Invalid input: expected string, received undefined',
    ],
    [
      'gates:\n  test:\n    command: npm test\n    timeout_minutes: -1',
      '4: gates.test.timeout_minutes: Too small: expected number to be >0',
    ],
    ['gates:\n  tests: npm test', '2: gates: unknown key "tests". Did you mean "test"?'],
    ['gates:\n  test: ""', '2: gates.test: must name a command'],
    [
      'setup:\n  command: x\n  domains: [localhost]',
      '3: setup.domains.0: must be a host name such as registry.example.com',
    ],
    ['base: --orphan', '1: base: must be a branch name'],
    ['base: a..b', '1: base: must be a branch name'],
    ['- a\n- b', '1: Invalid input: expected object, received array'],
  ])('%j', (text, expected) => expect(errorsOf(text)).toEqual([expected]));

  it('reports broken YAML with its line', () => {
    expect(errorsOf('gates:\n  test: "npm\n')[0]).toMatch(/^[23]: Missing closing "quote/);
    expect(errorsOf('draft: true\ndraft: false\n')).toEqual(['2: Map keys must be unique']);
  });

  it('does not unfold a bomb of aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
    ].join('\n');
    expect(errorsOf(bomb)[0]).toMatch(/alias/i);
  });
});

it('never throws', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab: \n-[]{}&*!|>"\'#%@`gates') }),
      (text) => void parseRepoConfig(text),
    ),
  );
});
