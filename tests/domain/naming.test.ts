import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  branchName,
  commitMessage,
  markerMessage,
  pullRequestTitle,
  shortRunId,
  taskTitle,
} from '../../src/domain/naming.ts';

import { branchPatternProblem, isWorkBranch } from '../../src/domain/refs.ts';

const runId = 'run_01JDA4QH3ZK8W9X2Y7V6T5S4R3';
const requester = { login: 'alice', id: 7 };

const trailersOf = (message: string) =>
  execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' }).trim().split('\n');

describe('branchName', () => {
  it.each([
    ['Add a slugify helper', 12, 'nofx/12-add-a-slugify-helper-v6t5s4r3'],
    ['Ünïcode Überschrift!', 12, 'nofx/12-unicode-uberschrift-v6t5s4r3'],
    ['日本語', 12, 'nofx/12-v6t5s4r3'],
    ['a..b@{1} x.lock --orphan', undefined, 'nofx/a-b-1-x-lock-orphan-v6t5s4r3'],
    ['', undefined, 'nofx/v6t5s4r3'],
  ])('%j on %s', (title, issueNumber, expected) => {
    expect(branchName({ runId, issueNumber, title })).toBe(expected);
  });

  it('is valid, ASCII and short whatever the title', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.option(fc.integer({ min: 1, max: 2 ** 31 }), { nil: undefined }),
        (title, issueNumber) => {
          expect(branchName({ runId, issueNumber, title })).toMatch(/^(?=.{1,80}$)nofx\/[a-z0-9]+(?:-[a-z0-9]+)*$/);
        },
      ),
    );
  });

  it.each([
    ['nofx/{user}/{slug}-{run}', 'nofx/octo-cat/add-a-helper-v6t5s4r3'],
    ['nofx/{issue}/{run}', 'nofx/v6t5s4r3'],
    ['nofx/{run}-{issue}', 'nofx/v6t5s4r3'],
    ['nofx/bot_{issue}_{run}_{slug}', 'nofx/bot_v6t5s4r3_add-a-helper'],
  ])('goes by the pattern %s', (pattern, expected) => {
    expect(branchPatternProblem(pattern)).toBeNull();
    expect(branchName({ runId, title: 'Add a helper', user: 'Octo-Cat' }, pattern)).toBe(expected);
  });

  it('is one that may be pushed, whatever the pattern and the title', () => {
    const part = fc.constantFrom('{issue}', '{slug}', '{user}', '{run}', '-', '/', '.', '_', 'a', '.lock', 'ä');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 9 }).map((parts) => `nofx/${parts.join('')}`),
        fc.string({ maxLength: 60 }),
        fc.option(fc.nat(), { nil: undefined }),
        (pattern, title, issueNumber) => {
          fc.pre(branchPatternProblem(pattern) === null);
          const name = branchName({ runId, title, user: '', issueNumber }, pattern);
          expect(isWorkBranch(name) && name.includes('v6t5s4r3'), `${pattern} gave ${name}`).toBe(true);
        },
      ),
    );
  });

  it('passes git check-ref-format', () => {
    const names = ['x'.repeat(500), 'a.lock', '../../etc', 'HEAD', '@', 'é'.repeat(99)].map((title) =>
      branchName({ runId, issueNumber: 3, title }),
    );
    for (const name of names) execFileSync('git', ['check-ref-format', '--branch', name]);
  });

  it('takes the random end of the id', () => {
    expect(shortRunId('run_01890a5d-ac96-774b-bcce-b302099a8057')).toBe('099a8057');
    expect(shortRunId('')).toBe('run');
  });
});

describe('taskTitle', () => {
  it.each([
    ['Add a helper\nCo-authored-by: Mallory <m@x>', 'Add a helper'],
    ['\n\n# Add a helper', 'Add a helper'],
    ['- add', 'add'],
    ['one\u0000\u001b[31m two\u202e three\u200b', 'one[31m two three'],
    ['a\u2028b', 'a'],
    ['Ship it [skip ci]', 'Ship it (skip ci)'],
    ['Fixes #3 for good', 'Fixes issue #3 for good'],
    ['\u200b \n ', 'Work requested through NOFX'],
  ])('%j', (text, expected) => expect(taskTitle(text)).toBe(expected));

  it('is one line of at most 72 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        const title = taskTitle(text);
        expect(title.length).toBeLessThanOrEqual(72);
        expect(title).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(title).not.toBe('');
        expect(title.isWellFormed() || !text.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('commitMessage', () => {
  it('has title, summary and trailers', () => {
    expect(
      commitMessage({
        title: 'Add a helper',
        summary: 'Adds `slugify`.\n\nWith tests.',
        runId,
        requester,
        host: 'github.com',
        gitMode: 'basic',
      }),
    ).toMatchInlineSnapshot(`
        "Add a helper

        Adds \`slugify\`.

        With tests.

        Co-authored-by: alice <7+alice@users.noreply.github.com>
        NOFX-Run: run_01JDA4QH3ZK8W9X2Y7V6T5S4R3
        "
      `);
  });

  it('leaves the details out for business users', () => {
    const message = commitMessage({
      title: 'Add a helper',
      summary: 'Rebased the branch',
      runId,
      requester,
      host: 'github.com',
      gitMode: 'hidden',
    });
    expect(message).not.toMatch(/rebase|branch/i);
    expect(trailersOf(message)).toHaveLength(2);
  });

  it.each([
    ['a forged trailer in the title', 'x\n\nSigned-off-by: Boss <b@x>', ''],
    [
      'forged trailers in the summary',
      'x',
      'done\n\nSigned-off-by: Boss <b@x>\nCo-authored-by: Eve <e@x>\nNOFX-Run: run_other',
    ],
    ['a carriage return', 'x\rNOFX-Run: run_other', 'a\r\n\r\nNOFX-Run: run_other'],
    ['a line separator', 'x', 'a\u2028\u2028Co-authored-by: Eve <e@x>'],
    ['a hostile login', 'x', ''],
  ])('git finds only our trailers: %s', (_, title, summary) => {
    const hostile = { login: 'eve>\nSigned-off-by: Boss <b@x', id: 9 };
    const message = commitMessage({
      title,
      summary,
      runId,
      requester: _ === 'a hostile login' ? hostile : requester,
      host: 'ghe.example.com',
      gitMode: 'advanced',
    });
    expect(trailersOf(message)).toEqual([
      expect.stringMatching(/^Co-authored-by: [\w-]+ <\d\+[\w-]+@users\.noreply\.ghe\.example\.com>$/),
      `NOFX-Run: ${runId}`,
    ]);
    expect(message).not.toMatch(/^(Signed-off-by|Co-authored-by: Eve)/m);
  });

  it('skips no CI and closes no issue by the words of others', () => {
    const message = commitMessage({
      title: 'x [ci skip]',
      summary: 'Fixes #9, closes o/r#4. [skip actions]\nskip-checks: true',
      runId,
      requester,
      host: 'github.com',
      gitMode: 'basic',
    });
    expect(message).not.toMatch(/\[(ci skip|skip actions)\]|(fixes|closes) (o\/r)?#|^skip-checks/im);
  });
});

it('marks the placeholder so that no CI runs', () => {
  expect(markerMessage({ runId, issueNumber: 4 })).toBe(`NOFX is working on #4 [skip ci]\n\nNOFX-Run: ${runId}\n`);
});

it('titles a pull request by its issue, else by the task', () => {
  expect(pullRequestTitle({ issueTitle: 'Slugs wanted', prompt: 'add' })).toBe('Slugs wanted');
  expect(pullRequestTitle({ prompt: 'add a helper\nplease' })).toBe('add a helper');
});
