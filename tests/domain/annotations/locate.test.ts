import { describe, expect, it } from 'vitest';
import { read, short } from './support.ts';

describe('the file that is meant', () => {
  const one = (path: string, files: readonly string[]) =>
    read(`${path}:1:1: error: x`, '/repo', files).map((found) => found.path);

  it.each([
    ['/repo/src/a.js', ['src/a.js'], ['src/a.js']],
    ['./src/a.js', ['src/a.js'], ['src/a.js']],
    ['src/../lib/b.js', ['lib/b.js'], ['lib/b.js']],
    ['src/a.js', ['packages/x/src/a.js'], ['packages/x/src/a.js']],
    // It could be either.
    ['src/a.js', ['one/src/a.js', 'two/src/a.js'], []],
    ['a.js', ['src/ba.js'], []],
    // Not of the commit, or not of the repository.
    ['node_modules/x/index.js', ['src/index.js'], []],
    ['dist/made-by-the-build.js', ['src/a.js'], []],
    ['/etc/a.js', ['etc/a.js', 'a.js'], []],
    ['../../a.js', ['a.js'], []],
    ['/repo/../etc/a.js', ['etc/a.js'], []],
  ])('is told from %s', (path, files, expected) => {
    expect(one(path, files)).toEqual(expected);
  });

  it('is the innermost of a stack that is in the commit', () => {
    const output =
      '✖ failing tests:\n\ntest at test/a.test.js:9:1\n✖ works (1ms)\n  Error: no\n      at deep (/repo/node_modules/x/i.js:1:1)\n      at call (file:///repo/src/my%20file.js:3:4)\n';
    expect(read(output, '/repo', ['src/my file.js', 'test/a.test.js']).map(short)).toEqual([
      'src/my file.js:3 [works] Error: no',
    ]);
    expect(read(output, '/repo', ['test/a.test.js']).map(short)).toEqual(['test/a.test.js:9 [works] Error: no']);
  });
});
