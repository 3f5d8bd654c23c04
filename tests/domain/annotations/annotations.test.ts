import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ANNOTATIONS } from '../../../src/domain/annotations/annotations.ts';
import { logOf, LOGS, read } from './support.ts';

describe('whatever a test prints', () => {
  const fragments = [
    '✖ failing tests:\n',
    '✖ a\n',
    'test at a.js:1:1\n',
    '      at x (file:///repo/a.js:1:1)\n',
    'not ok 1 - a\n  ---\n',
    "  location: 'a.js:1:1'\n",
    '  stack: |-\n',
    '  ...\n',
    ' FAIL  a.js > b\n',
    ' ❯ a.js:1:1\n',
    'FAIL ./a.js\n',
    '  ● a › b\n',
    '    > 3 | x\n',
    '=== FAILURES ===\n',
    '___ test_a ___\n',
    'E   no\n',
    'a.py:3: Error\n',
    '_ _ _\n',
    '=== RUN   TestA\n',
    '--- FAIL: TestA (0.00s)\n',
    '    a_test.go:1: no\n',
    'panic: x\n',
    'goroutine 1 [running]:\n',
    '\t/repo/a.go:1 +0x1\n',
    'FAIL\texample.com/a\t1s\n',
    'a.ts(1,1): error TS1000: no\n',
    'a.ts:1:1 - error TS1000: no\n',
    '/repo/a.js\n',
    '  1:1  error  no  rule\n',
    'a.js: line 1, col 1, Error - no (r)\n',
    'error[E0308]: no\n',
    ' --> a.rs:1:1\n',
    "thread 'a' panicked at a.rs:1:1:\n",
    'a.c:1:1: error: no\n',
    '\u001b[31m',
    '\u001b]8;;',
    '\u0000',
    '漢',
    '\ud800',
    '(((',
    '^ ',
    '1:',
    'a/',
    '%',
    '\r',
    ':99999999999:',
    ':0:',
  ];
  const files = ['a.js', 'a.py', 'a_test.go', 'a.go', 'a.ts', 'a.rs', 'a.c'];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...fragments), fc.constantFrom('\n', ' ', '    '), fc.string()), { maxLength: 400 })
    .map((parts) => parts.join(''));

  it('comes to annotations that GitHub takes', () => {
    fc.assert(
      fc.property(text, (output) => {
        const found = read(output, '/repo', files);
        expect(found.length).toBeLessThanOrEqual(MAX_ANNOTATIONS);
        for (const { path, line, message, title = '' } of found) {
          expect(files).toContain(path);
          expect(line).toBeGreaterThan(0);
          expect(message).not.toBe('');
          expect(message.isWellFormed() && title.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_500);
          expect(title.length).toBeLessThanOrEqual(255);
        }
        expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(65_000);
      }),
      { numRuns: 300 },
    );
  });

  it('is read in a time that grows with it, not with its square', () => {
    const timed = (unit: string, size: number) => {
      const output = `✖ failing tests:\n=== FAILURES ===\n${unit.repeat(Math.ceil(size / unit.length))}`;
      const before = process.threadCpuUsage();
      read(output, '/repo', files);
      // Not the clock's time: others are at work on the machine.
      return process.threadCpuUsage(before).user / 1_000;
    };
    const pairs = fragments.map((unit, at) => unit + fragments[(at + 1) % fragments.length]!);
    for (const unit of [...pairs, ...LOGS.map(logOf)]) {
      // Sixteen times the text takes about sixteen times as long; a square would take 256 times.
      expect(timed(unit, 320_000), JSON.stringify(unit)).toBeLessThan(60 * Math.max(10, timed(unit, 20_000)));
    }
  });
});
