import fc from 'fast-check';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPath, checkSymlink, withoutProtecting } from '../../src/domain/paths.ts';
import { isBranchName, isWorkBranch } from '../../src/domain/refs.ts';

describe('checkPath', () => {
  it.each([
    'a',
    'src/a.ts',
    '.gitignore',
    '.gitattributes',
    'a b/ü "q".txt',
    '-rf',
    'git',
    'x.git/y',
    '.githubby/workflow',
    'docs/CODEOWNERS.md',
    '...',
    'a..b',
  ])('lets %j through', (path) => expect(checkPath(path)).toEqual({ ok: true }));

  it.each([
    ['', 'empty'],
    ['a//b', 'empty'],
    ['a/', 'empty'],
    ['/etc/x', 'absolute'],
    ['C:/x', 'absolute'],
    ['../x', 'traversal'],
    ['a/../../x', 'traversal'],
    ['./a', 'traversal'],
    ['a\0b', 'control_character'],
    ['a\nb', 'control_character'],
    ['a\\b', 'backslash'],
    ['..\\x', 'backslash'],
    ['\ud800', 'not_unicode'],
    ['.git/hooks/x', 'git_directory'],
    ['a/.git', 'git_directory'],
    ['.GIT/config', 'git_directory'],
    ['.git /x', 'git_directory'],
    ['.git./x', 'git_directory'],
    ['.git. . /x', 'git_directory'],
    ['git~1/x', 'git_directory'],
    ['GIT~1', 'git_directory'],
    ['.g\u200cit/x', 'git_directory'],
    ['\ufeff.git', 'git_directory'],
    ['.git::$INDEX_ALLOCATION/x', 'git_directory'],
    ['.ｇit/x', 'git_directory'],
    ['x'.repeat(256), 'too_long'],
    ['a/'.repeat(2100) + 'a', 'too_long'],
    ['.github/workflows/ci.yml', 'protected'],
    ['.github/workflows', 'protected'],
    ['.github/workflows/deep/x', 'protected'],
    ['.GitHub/Workflows/x.yml', 'protected'],
    ['.github/nofx.yml', 'protected'],
    ['CODEOWNERS', 'protected'],
    ['codeowners', 'protected'],
    ['.github/CODEOWNERS', 'protected'],
    ['docs/CODEOWNERS', 'protected'],
    ['.gitmodules', 'protected'],
    ['.gitmodules ', 'protected'],
    ['.github/ISSUE_TEMPLATE/x.md', 'protected'],
    ['.github', 'protected'],
  ])('refuses %j: %s', (path, problem) => expect(checkPath(path)).toMatchObject({ ok: false, problem }));

  it('takes a list of its own, beside what is always protected', () => {
    const mine = { protected: ['/infra/', '*.SQL'] };
    expect(
      ['.github/ISSUE_TEMPLATE/x.md', 'CODEOWNERS', 'src/infra/x'].filter((path) => !checkPath(path, mine).ok),
    ).toEqual([]);
    for (const path of [
      'infra/main.tf',
      'Infra/main.tf',
      'infra. /x',
      'db/A.sql',
      '.github/workflows/x',
      '.github/nofx.yml',
    ]) {
      expect(checkPath(path, mine), path).toMatchObject({ problem: 'protected' });
    }
    expect(withoutProtecting(mine.protected, ['db/a.sql', 'README.md'])).toEqual(['/infra/']);
    expect(withoutProtecting(mine.protected, ['.github/nofx.yml'])).toBeNull();
  });

  it('never lets a path out of the repository, whatever it is made of', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', '.git', '.GIT', 'a', '/', '\\', ' ', '\u200b', '~1', 'git'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('/')),
        (path) => {
          if (!checkPath(path).ok) return;
          const resolved = posix.resolve('/repo', path);
          expect(resolved.startsWith('/repo/')).toBe(true);
          expect(resolved.toLowerCase().split('/')).not.toContain('.git');
        },
      ),
    );
  });
});

describe('checkSymlink', () => {
  it.each([
    ['l', 'a'],
    ['a/l', '../b'],
    ['a/b/l', '../../c/d'],
    ['l', './a'],
    ['l', 'a/'],
    ['a/l', '..'],
  ])('%j may point to %j', (path, target) => expect(checkSymlink(path, target)).toEqual({ ok: true }));
  it.each([
    ['l', '..'],
    ['l', '../x'],
    ['a/l', '../../x'],
    ['l', '/etc/passwd'],
    ['l', 'a/../../x'],
    ['l', ''],
    ['l', '.git/config'],
    ['a/l', '../.GIT/x'],
    ['l', 'a\0b'],
  ])('%j may not point to %j', (path, target) => expect(checkSymlink(path, target).ok).toBe(false));
});

describe('branch names', () => {
  it.each(['main', 'feature/x', 'nofx/run_1', 'ü', 'a.b', 'a@b'])('%j is one', (name) =>
    expect(isBranchName(name)).toBe(true),
  );
  it.each([
    '',
    '@',
    '--orphan',
    '-b',
    'a..b',
    'a@{1}',
    'x.lock',
    'x.lock/y',
    '.a',
    'a/.b',
    'a/',
    '/a',
    'a//b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a.',
    'a\x7f',
    '+HEAD:main',
  ])('%j is none', (name) => expect(isBranchName(name)).toBe(false));
  it('only those under nofx/ are ours', () => {
    expect(isWorkBranch('nofx/x')).toBe(true);
    expect(['main', 'nofx', 'nofx/', 'nofxx/a', 'x/nofx/a'].some(isWorkBranch)).toBe(false);
  });
});
