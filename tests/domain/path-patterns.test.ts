import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { matchesPattern, patternProblem } from '../../src/domain/path-patterns.ts';

it.each([
  ['CODEOWNERS', 'CODEOWNERS', true],
  ['docs/CODEOWNERS', 'CODEOWNERS', true],
  ['docs/CODEOWNERS', '/CODEOWNERS', false],
  ['CODEOWNERS.md', 'CODEOWNERS', false],
  ['db/a.sql', '*.sql', true],
  ['db/a.sql.bak', '*.sql', false],
  ['db/.sql', '*.sql', true],
  ['db/a.sql', 'db/*.sql', true],
  ['db/old/a.sql', 'db/*.sql', false],
  ['db/old/a.sql', 'db/**/*.sql', true],
  ['db/a.sql', 'db/**/*.sql', true],
  ['db/old/a.sql', 'db/**', true],
  ['db', 'db/**', true],
  ['db2/a', 'db/**', false],
  ['infra/main.tf', 'infra/', true],
  ['infra/main.tf', '/infra', true],
  ['src/infra/main.tf', '/infra/', false],
  ['src/infra/main.tf', 'infra/', true],
  ['src/infra/main.tf', '**/infra', true],
  ['a/b/c', 'a/?/c', true],
  ['a/bb/c', 'a/?/c', false],
  ['anything/at/all', '**', true],
  ['anything', '*', true],
  ['a/x/y/b/z', 'a/**/b/**', true],
  ['a/b', 'a/**/b', true],
  ['a/c', 'a/**/b', false],
  ['file', 'f*l*', true],
  ['abcabd', '*abd', true],
])('%s is one of %s: %s', (path, pattern, expected) => expect(matchesPattern(path, pattern)).toBe(expected));

it.each(['', '  ', '/', '!a', 'a/../b', './a', 'a//b', '[a-z]', 'a\\b', 'a\nb', 'x'.repeat(301)])(
  'refuses %j',
  (pattern) => expect(patternProblem(pattern)).toMatch(/^must/),
);

it('takes no longer for a pattern made to take long', () => {
  const started = performance.now();
  expect(matchesPattern('a'.repeat(255), `${'*a'.repeat(140)}b`)).toBe(false);
  expect(matchesPattern(`${'a/'.repeat(1900)}a`, `${'**/a/'.repeat(55)}b`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
