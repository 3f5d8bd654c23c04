import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Annotation } from '../../src/domain/annotations/annotations.ts';
import { compareWithBase, isExcused, printOf, type OnBase } from '../../src/domain/base-red.ts';

const finding = (path: string, line: number, message = 'Expected 3'): Annotation => ({
  path,
  line,
  level: 'failure',
  message,
});

type Failure = { said: string; found?: Annotation[]; exitCode?: number; places?: string[] };

const failure = ({ said, found = [], exitCode = 1, places = [] }: Failure) => ({
  exitCode,
  print: printOf(said, found, places),
});
const onBase = (failed: Failure, state: OnBase['state'] = 'failed'): OnBase => ({
  sha: 'b'.repeat(40),
  state,
  tail: failed.said,
  ...failure(failed),
});
const compared = (ours: Failure, base: Failure) => compareWithBase(failure(ours), onBase(base))?.compared;

describe('how a failure compares with the one without the change', () => {
  const spec = (place: string, passes: string[], took: string) =>
    [
      ...passes.map((name) => `✔ ${name} (${took}ms)`),
      '✖ adds (2.1ms)',
      `ℹ tests ${passes.length + 1}`,
      `ℹ pass ${passes.length}`,
      'ℹ fail 1',
      `ℹ duration_ms ${took}`,
      '✖ failing tests:',
      `test at add.test.js:${passes.length + 3}:1`,
      `  AssertionError [ERR_ASSERTION]: expected 3`,
      `    at file://${place}/add.test.js:9:3`,
    ].join('\n');

  it.each<[string, Failure, Failure]>([
    [
      'of the same tests, beside new ones that pass, in another folder, at another line, at another time',
      { said: spec('/w/run_1', ['is new', 'throws an error'], '12.5'), places: ['/w/run_1'], found: [finding('a', 9)] },
      { said: spec('/w/base', [], '7'), places: ['/w/base'], found: [finding('a', 3)] },
    ],
    [
      'of pytest',
      { said: 'FAILED t.py::test_x - assert 1 == 2\n==== 1 failed, 4 passed in 0.12s ====' },
      { said: 'FAILED t.py::test_x - assert 1 == 2\n======= 1 failed, 3 passed in 1.40s =======' },
    ],
    [
      'of Vitest',
      { said: ' FAIL  a.test.ts > adds\n Tests  1 failed | 3 passed (4)\n   Start at  21:10:51\n   Duration  1.02s' },
      { said: ' FAIL  a.test.ts > adds\n Tests  1 failed | 2 passed (3)\n   Start at  21:11:07\n   Duration  980ms' },
    ],
    ['in words of its own', { said: 'coverage is below 80 %' }, { said: 'coverage is below 80 %' }],
    [
      'whatever place it is told with',
      { said: 'npm error A log is in /home/a1/_logs/2026-11-27T21_10_51_123Z-debug-0.log', places: ['/home/a1'] },
      { said: 'npm error A log is in /home/b2/_logs/2026-11-27T21_10_40_077Z-debug-0.log', places: ['/home/b2'] },
    ],
  ])('is the same %s', (_how, ours, base) => {
    expect(compared(ours, base)).toBe('same');
  });

  it.each<[string, Failure, Failure]>([
    ['it says nothing', { said: '' }, { said: '' }],
    ['it ends with another code', { said: 'error: x', exitCode: 2 }, { said: 'error: x' }],
    ['another number of them fails', { said: '2 failed, 1 passed' }, { said: '1 failed, 2 passed' }],
    ['other words are said', { said: 'coverage is below 80 %' }, { said: 'coverage is below 70 %' }],
    ['one of them is mended', { said: 'error: x' }, { said: 'error: x\nerror: y', found: [finding('a', 1)] }],
    [
      'not all of it is known',
      { said: 'error: x\n[… 12 bytes left out …]\nend' },
      { said: 'error: x\n[… 12 bytes left out …]\nend' },
    ],
  ])('is not told where %s', (_why, ours, base) => {
    expect(compared(ours, base)).toBe('unclear');
  });

  it('names what is new, as often as it is', () => {
    const known = finding('a', 1);
    const ours = failure({
      said: 'x',
      found: [finding('a', 2), finding('a', 5), finding('b', 1), finding('a', 1, 'y')],
    });
    expect(compareWithBase(ours, onBase({ said: 'x', found: [known, finding('gone', 1)] }))).toMatchObject({
      compared: 'more',
      fresh: [1, 2, 3],
    });
  });

  it('is none where it does not fail there, or came to no verdict', () => {
    const ours = failure({ said: 'error: x' });
    expect(compareWithBase(ours, onBase({ said: 'error: x' }, 'passed'))).toBeNull();
    expect(compareWithBase(ours, onBase({ said: 'error: x' }, 'unknown'))).toBeNull();
  });

  it('takes any output, in little time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // On a line of its own: a carriage return would leave nothing of the error, and an error that says nothing is unclear.
        const one = { said: `error\n${text}` };
        expect(compared(one, one)).toBe('same');
      }),
    );
    const before = performance.now();
    for (const long of ['1:'.repeat(100_000), 'a1'.repeat(100_000), '=.'.repeat(100_000), '12 '.repeat(100_000)]) {
      printOf(`${long}\n${long.match(/.{1,900}/g)!.join('\n')}`, []);
    }
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('what follows from it', () => {
  const same = compareWithBase(failure({ said: 'error' }), onBase({ said: 'error' }));

  it.each<[string, boolean]>([
    ['Greet in German', true],
    ['Login fails where the name has spaces', true],
    ['Add a button to the settings', true],
    ['Fix the failing tests', false],
    ['The build is broken since yesterday.', false],
    ['make CI green again', false],
    ['e2e fails', false],
    ['Mend what the checks found: build', false],
  ])('a gate that fails the same way decides nothing, unless that was the task: %s', (task, excused) => {
    expect(isExcused(same, { gate: 'e2e', task })).toBe(excused);
  });

  it('decides where it differs, or does not fail there', () => {
    const other = compareWithBase(failure({ said: 'error: 1 failed' }), onBase({ said: 'error: 2 failed' }));
    expect(isExcused(other, { gate: 'test', task: 'Greet' })).toBe(false);
    expect(isExcused(null, { gate: 'test', task: 'Greet' })).toBe(false);
  });
});
