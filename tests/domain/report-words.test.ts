import { describe, expect, it } from 'vitest';
import type { GitMode } from '../../src/domain/project.ts';
import {
  renderCheck,
  renderComment,
  renderHelp,
  renderPullRequestBody,
  renderRefusal,
  type RunView,
  type StepView,
} from '../../src/domain/report.ts';
import { stepTitle } from '../../src/domain/report-words.ts';
import { failed } from './report-runs.ts';

describe('a repair', () => {
  const of = (name: string, tool: string, more: Partial<StepView> = {}) => ({ name, tool, ...more });
  const steps = [
    of('repair-1', 'codegen', { repair: { gate: 'test', number: 1, of: 2 } }),
    of('repair-2', 'codegen', { repair: { gate: 'lint', number: 2, of: 2 } }),
    of('write-2', 'workspace:write', { again: true }),
    of('test-2', 'gate:test', { again: true }),
    of('lint-2', 'gate:lint', { again: true }),
  ];
  it.each<[GitMode, string[]]>([
    [
      'hidden',
      [
        'Mend what the check found (1 of 2)',
        'Mend what the check lint found (2 of 2)',
        'Save the changes again',
        'Check that everything still works again',
        'Check: lint again',
      ],
    ],
    [
      'basic',
      [
        'Mend what the tests found (1 of 2)',
        'Mend what the gate `lint` found (2 of 2)',
        'Commit the changes again',
        'Run the tests again',
        'Run the gate `lint` again',
      ],
    ],
    [
      'advanced',
      [
        '`repair-1` after `gate:test` (1 of 2)',
        '`repair-2` after `gate:lint` (2 of 2)',
        '`write-2` (`workspace:write`)',
        '`test-2` (`gate:test`)',
        '`lint-2` (`gate:lint`)',
      ],
    ],
  ])('is told in the words of %s', (mode, words) => {
    expect(steps.map((step) => stepTitle(step, mode))).toEqual(words);
  });
});

describe('hidden mode', () => {
  const gitTerms = /\b(branch|commit|rebase|merge[ds]?|push|pull request|PR)\b/i;

  it.each(['queued', 'running', 'succeeded', 'neutral', 'failed', 'cancelled'] as const)(
    'speaks of no git: %s',
    (status) => {
      const view: RunView = {
        ...failed,
        gitMode: 'hidden',
        status,
        summary: 'Done.',
        pullRequest: { number: 1, url: 'https://x.test/1' },
      };
      const check = renderCheck(view);
      const texts = [
        renderComment(view),
        check.title,
        check.summary,
        check.text ?? '',
        renderPullRequestBody(view, { issueNumber: 12, closes: true }),
      ];
      // The tools' own names and the marker are not words for people.
      for (const text of texts) expect(text).not.toMatch(gitTerms);
    },
  );

  it('speaks of no git when it refuses or helps', () => {
    expect(renderRefusal({ login: 'bob', role: 'read', command: 'run', gitMode: 'hidden' })).not.toMatch(gitTerms);
    expect(renderHelp({ gitMode: 'hidden', label: 'nofx' })).not.toMatch(gitTerms);
  });
});
