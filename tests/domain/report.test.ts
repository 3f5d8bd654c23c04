import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commentMarker,
  renderCheck,
  renderComment,
  renderGateCheck,
  renderHelp,
  renderPullRequestBody,
  renderRefusal,
  type FileView,
  type GateView,
  type RunView,
  type StepView,
} from '../../src/domain/report.ts';
import { GitMode } from '../../src/domain/project.ts';
import { stepTitle } from '../../src/domain/report-words.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const step = (
  tool: string,
  status: StepView['status'],
  from: number | null = null,
  to: number | null = null,
  detail?: string,
): StepView => ({
  name: tool,
  tool,
  status,
  startedAt: from === null ? null : at(from),
  endedAt: to === null ? null : at(to),
  detail,
});
const gate: GateView = {
  name: 'test',
  step: 'test',
  attempt: 1,
  verdict: 'passed',
  command: 'npm test',
  exitCode: 0,
  durationMs: 61_000,
  tail: 'ok 12\n',
  annotations: [],
};

const finished: RunView = {
  id: 'run_01JDA4QH3ZK8W9X2Y7V6T5S4R3',
  status: 'succeeded',
  goal: 'add a slugify helper',
  requester: { login: 'alice' },
  startedAt: at(0),
  endedAt: at(252),
  branch: 'nofx/12-add-a-slugify-helper-v6t5s4r3',
  base: 'main',
  steps: [
    step('codegen', 'succeeded', 0, 180, '2 files'),
    step('workspace:write', 'succeeded', 180, 181),
    step('gate:test', 'succeeded', 181, 242),
    step('git_pr', 'succeeded', 242, 252),
  ],
  usage: {
    inputTokens: 2_345,
    outputTokens: 1_234,
    cacheReadTokens: 10_000,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
  },
  cost: { usd: 0.0312, cappedUsd: 0.0312 },
  gates: [gate],
  pullRequest: { number: 13, url: 'https://github.com/o/r/pull/13' },
  error: null,
  files: [
    { status: 'added', path: 'src/slugify.ts', sha256: 'a'.repeat(64), size: 120 },
    { status: 'renamed', path: 'src/text.ts', previousPath: 'src/string.ts', sha256: 'b'.repeat(64), size: 99 },
    { status: 'deleted', path: 'src/old.ts' },
  ],
  summary: 'Added `slugify` with tests.',
  gitMode: 'basic',
};
const running: RunView = {
  ...finished,
  status: 'running',
  endedAt: null,
  steps: [
    step('codegen', 'succeeded', 0, 180),
    step('workspace:write', 'running', 180),
    step('gate:test', 'pending'),
    step('git_pr', 'pending'),
  ],
  gates: [],
  pullRequest: null,
  files: [],
  summary: '',
};
const failed: RunView = {
  ...finished,
  status: 'failed',
  pullRequest: null,
  steps: [
    step('codegen', 'succeeded', 0, 180),
    step('workspace:write', 'succeeded', 180, 181),
    step('gate:test', 'failed', 181, 242),
    step('git_pr', 'skipped'),
  ],
  gates: [{ ...gate, verdict: 'failed', exitCode: 1, tail: 'FAIL slugify\n```\nexpected a-b\n' }],
  error: {
    kind: 'configuration',
    message: 'The tests failed.',
    next: 'Comment `/nofx <what to do differently>` to try again.',
  },
};

describe('the comment', () => {
  it('tells a finished run', () => {
    expect(renderComment(finished)).toMatchInlineSnapshot(`
      "<!-- nofx:run run_01JDA4QH3ZK8W9X2Y7V6T5S4R3 -->
      **NOFX finished @alice's task in 4m 12s** — \`nofx/12-add-a-slugify-helper-v6t5s4r3\` · [PR ➔](https://github.com/o/r/pull/13)

      > Added \`slugify\` with tests.

      - [x] Write the code: 2 files (3m 0s)
      - [x] Commit the changes (1s)
      - [x] Run the tests (1m 1s)
      - [x] Open the pull request (10s)

      - ✅ **test** passed in 1m 1s: \`npm test\`

      Cost: $0.0312 · 12,345 tokens in (10,000 from cache), 1,234 out

      <sub>run_01JDA4QH3ZK8W9X2Y7V6T5S4R3</sub>"
    `);
  });

  it('tells a finished run to business users', () => {
    expect(renderComment({ ...finished, gitMode: 'hidden', summary: 'Added the helper.' })).toMatchInlineSnapshot(`
      "<!-- nofx:run run_01JDA4QH3ZK8W9X2Y7V6T5S4R3 -->
      **NOFX finished @alice's task in 4m 12s** — [Review the result ➔](https://github.com/o/r/pull/13)

      > Added the helper.

      - [x] Make the changes (3m 0s)
      - [x] Save the changes (1s)
      - [x] Check that everything still works (1m 1s)
      - [x] Hand in the result for review (10s)

      - ✅ **test** passed in 1m 1s: \`npm test\`

      Cost: $0.0312

      <sub>run_01JDA4QH3ZK8W9X2Y7V6T5S4R3</sub>"
    `);
  });

  it('tells a run that goes on, without a time that changes by itself', () => {
    expect(renderComment({ ...running, gitMode: 'advanced', runUrl: 'https://nofx.example.com/runs/1' }))
      .toMatchInlineSnapshot(`
      "<!-- nofx:run run_01JDA4QH3ZK8W9X2Y7V6T5S4R3 -->
      **NOFX is working on @alice's task** — [View run](https://nofx.example.com/runs/1) · \`nofx/12-add-a-slugify-helper-v6t5s4r3\`

      > add a slugify helper

      - [x] \`codegen\` (3m 0s)
      - [ ] ⏳ \`workspace:write\`
      - [ ] \`gate:test\`
      - [ ] \`git_pr\`

      Cost: $0.0312 · 12,345 tokens in (10,000 from cache), 1,234 out

      <sub>run_01JDA4QH3ZK8W9X2Y7V6T5S4R3</sub>"
    `);
  });

  it('tells a failure: what, the last lines, what to type', () => {
    expect(renderComment(failed)).toMatchInlineSnapshot(`
      "<!-- nofx:run run_01JDA4QH3ZK8W9X2Y7V6T5S4R3 -->
      **NOFX could not finish @alice's task after 4m 12s** — \`nofx/12-add-a-slugify-helper-v6t5s4r3\`

      - [x] Write the code (3m 0s)
      - [x] Commit the changes (1s)
      - [ ] ❌ Run the tests (1m 1s)
      - [ ] ⏭ Open the pull request

      - ❌ **test** failed with exit code 1 in 1m 1s: \`npm test\`

      **What failed:** The tests failed.

      \`\`\`\`text
      FAIL slugify
      \`\`\`
      expected a-b
      \`\`\`\`

      **Next:** Comment \`/nofx <what to do differently>\` to try again.

      Cost: $0.0312 · 12,345 tokens in (10,000 from cache), 1,234 out

      <sub>run_01JDA4QH3ZK8W9X2Y7V6T5S4R3</sub>"
    `);
  });

  it('is not green where nothing was done', () => {
    const text = renderComment({
      ...finished,
      status: 'neutral',
      pullRequest: null,
      gates: [],
      summary: 'It is there already.',
    });
    expect(text).toContain("**NOFX changed nothing for @alice's task after 4m 12s**");
    expect(text).toContain('There was nothing to change');
    expect(text).toContain('> It is there already.');
  });

  it('says that a price is unknown instead of inventing one', () => {
    expect(renderComment({ ...finished, cost: { usd: null, cappedUsd: 3 } })).toContain(
      'Cost: price unknown · 12,345 tokens in',
    );
  });

  it('begins with the marker by which it is found', () => {
    expect(renderComment(finished).startsWith(commentMarker(finished.id))).toBe(true);
  });
});

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

describe('the check run', () => {
  it('shows the steps as a table', () => {
    expect(renderCheck(running)).toMatchInlineSnapshot(`
      {
        "summary": "NOFX is working on @alice's task.

      > add a slugify helper

      Cost: $0.0312 · 12,345 tokens in (10,000 from cache), 1,234 out",
        "text": "| Step | State | Time | Spent | |
      |---|---|---|---|---|
      | Write the code | ✅ done | 3m 0s |  |  |
      | Commit the changes | ⏳ running |  |  |  |
      | Run the tests | · |  |  |  |
      | Open the pull request | · |  |  |  |",
        "title": "Commit the changes (2 of 4)",
      }
    `);
    expect(renderCheck(finished).title).toBe('Opened pull request #13');
    expect(renderCheck(failed).title).toBe('Failed: Run the tests');
    expect(renderCheck({ ...running, gitMode: 'advanced' }).title).toBe('workspace:write (2 of 4)');
  });

  it('shows a gate', () => {
    expect(renderGateCheck(failed.gates[0]!)).toMatchInlineSnapshot(`
      {
        "summary": "❌ **test** failed with exit code 1 in 1m 1s: \`npm test\`

      Command: \`npm test\`",
        "text": "Last lines of its output:

      \`\`\`\`text
      FAIL slugify
      \`\`\`
      expected a-b
      \`\`\`\`",
        "title": "Failed with exit code 1",
      }
    `);
    expect(renderGateCheck({ ...gate, tail: '' })).not.toHaveProperty('text');
  });

  it('says how to name a command where none was found', () => {
    const output = renderGateCheck({
      ...gate,
      verdict: 'neutral',
      command: null,
      exitCode: null,
      durationMs: null,
      tail: '',
    });
    expect(output.title).toBe('No command found, so nothing was checked');
    expect(output.summary).toContain('gates:\n  test: <command>');
  });
});

describe('the pull request', () => {
  it('has the template, what it closes, summary, gates, files, cost, run', () => {
    expect(
      renderPullRequestBody(finished, { template: '## What\n\n<!-- fill in -->\n', issueNumber: 12, closes: true }),
    ).toMatchInlineSnapshot(`
      "## What

      <!-- fill in -->

      Closes #12

      ## Summary

      > Added \`slugify\` with tests.

      Asked for by @alice:

      > add a slugify helper

      ## Gate results

      - ✅ **test** passed in 1m 1s: \`npm test\`

      ## Files

      <details>
      <summary>3 files</summary>

      - \`A\` \`src/slugify.ts\`
      - \`R\` \`src/text.ts\` (was \`src/string.ts\`)
      - \`D\` \`src/old.ts\`

      </details>

      <details>
      <summary>SHA-256 of each file</summary>

      \`\`\`text
      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  src/slugify.ts
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  src/text.ts
      \`\`\`

      </details>

      ## Cost

      $0.0312 · 12,345 tokens in (10,000 from cache), 1,234 out

      ---
      Nothing is merged until you merge it. Not what you meant? Comment here \`/nofx <what to change>\` for one more commit, or push to \`nofx/12-add-a-slugify-helper-v6t5s4r3\` yourself. \`/nofx <what you want>\` on #12 makes a new attempt.

      - [ ] <!-- nofx:up-to-date --> Tick this box to have it brought up to date with \`main\`.

      <sub>NOFX run \`run_01JDA4QH3ZK8W9X2Y7V6T5S4R3\`</sub>"
    `);
  });

  it('closes nothing unless told to', () => {
    expect(renderPullRequestBody(finished, { issueNumber: 12, closes: false })).not.toContain('Closes');
  });
});

describe("other people's words", () => {
  const hostile = [
    'Thanks @everyone and @octo-org/team, &#64;bob &commat;eve',
    '![x](https://evil.test/a.png) !![y](https://evil.test/b.png) !\u200b[z][r]',
    '<img src="https://evil.test/c.png"><details open><!-- nofx:run run_other -->',
    'Fixes #99, closes octo/repo#1, resolves: https://github.com/o/r/issues/3',
    '## Gate results',
    '- ✅ **test** passed',
    '```',
    'never closed',
  ].join('\n');
  const view: RunView = { ...finished, summary: hostile, goal: hostile };
  const texts = () => [
    renderPullRequestBody(view, { closes: false }),
    renderComment(view),
    renderComment({ ...view, status: 'running' }),
    renderCheck(view).summary,
  ];

  it('mention nobody', () => {
    for (const text of texts()) expect(text.replaceAll('@alice', '')).not.toMatch(/@[\w-]|&#64|&commat/);
  });

  it('load nothing', () => {
    for (const text of texts()) expect(text).not.toMatch(/!\[|<img/);
  });

  it('hold no HTML, so no marker of ours', () => {
    for (const text of texts()) expect(text).not.toContain('<!-- nofx:run run_other');
  });

  it('close no issue', () => {
    for (const text of texts()) expect(text).not.toMatch(/\b(fix|close|resolve)\w*:?\s+(\w+\/\w+)?(#\d|https)/i);
  });

  it('stay in their quotation', () => {
    for (const line of ['## Gate results', '```', 'never closed']) {
      expect(renderPullRequestBody(view, { closes: false })).toContain(`> ${line}`);
    }
    expect(renderPullRequestBody(view, { closes: false }).match(/^## Gate results$/gm)).toHaveLength(1);
  });

  it('cannot leave the fence of a log', () => {
    for (const tail of [
      '````\n</details> @everyone',
      '`'.repeat(100) + '\n~~~\nout',
      '\u001b]8;;https://evil\u0007x',
    ]) {
      const text = renderComment({ ...failed, gates: [{ ...failed.gates[0]!, tail }] });
      const [, marks, body] = /^(`{3,}|~{3,})text\n([\s\S]*?)\n\1$/m.exec(text)!;
      expect(body!.split('\n').some((line) => line.trim().startsWith(marks!))).toBe(false);
      expect(text).not.toMatch(/[\u001b\u0007]/);
    }
  });

  it('cannot leave a table cell', () => {
    const odd = { ...running, steps: [step('codegen', 'succeeded', 0, 1, 'a | b\n| c | d |')] };
    const rows = renderCheck(odd)
      .text!.split('\n')
      .filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    expect(rows[2]!.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  it('name files as code, whatever the name', () => {
    const body = renderPullRequestBody(
      { ...finished, files: [{ status: 'added', path: 'a`b\n@everyone</details>.ts', sha256: 'c'.repeat(64) }] },
      { closes: false },
    );
    expect(body).toContain('``a`b @everyone</details>.ts``');
  });
});

describe('limits', () => {
  const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');
  const big = fc
    .tuple(
      fc.constantFrom('x', '\n', '`', '|', '漢', '😀', '<', '@a ', '```\n', 'word ', '\u001b[1m'),
      fc.integer({ min: 0, max: 150_000 }),
    )
    .map(([unit, size]) => unit.repeat(Math.ceil(size / unit.length)));
  const status = fc.constantFrom('queued', 'running', 'succeeded', 'neutral', 'failed', 'cancelled') as fc.Arbitrary<
    RunView['status']
  >;
  const view: fc.Arbitrary<RunView> = fc
    .record({
      status,
      text: big,
      tail: big,
      gitMode: fc.constantFrom(...GitMode.options),
      many: fc.integer({ min: 0, max: 3_000 }),
    })
    .map(({ status, text, tail, gitMode, many }) => ({
      ...failed,
      status,
      gitMode,
      goal: text,
      summary: text,
      steps: Array.from({ length: Math.min(many, 1_000) }, (_, i) => ({
        ...step('codegen', 'failed', 0, 9, text.slice(0, 500)),
        name: `step-${i}`,
      })),
      gates: Array.from({ length: Math.min(many, 20) }, () => ({
        ...failed.gates[0]!,
        command: text.slice(0, 5_000),
        tail,
      })),
      files: Array.from({ length: many }, (_, i): FileView => ({
        status: 'added',
        path: `src/${i}/${text.slice(0, 200)}`,
        sha256: 'd'.repeat(64),
      })),
      error: { kind: 'configuration', message: text, next: text },
    }));

  it('hold for every text', () => {
    fc.assert(
      fc.property(view, big, (run, template) => {
        expect(bytes(renderComment(run))).toBeLessThanOrEqual(60_000);
        expect(bytes(renderPullRequestBody(run, { template, issueNumber: 1, closes: true }))).toBeLessThanOrEqual(
          60_000,
        );
        for (const output of [renderCheck(run), ...run.gates.slice(0, 1).map(renderGateCheck)]) {
          expect(bytes(output.title)).toBeLessThanOrEqual(255);
          expect(bytes(output.summary)).toBeLessThanOrEqual(65_535);
          expect(bytes(output.text)).toBeLessThanOrEqual(65_535);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep what matters: the marker, the headline, what failed, the run', () => {
    fc.assert(
      fc.property(view, (run) => {
        const text = renderComment({ ...run, status: 'failed' });
        expect(text.startsWith(`${commentMarker(run.id)}\n**NOFX could not finish`)).toBe(true);
        expect(text).toContain('**What failed:**');
        expect(text).toContain('**Next:**');
      }),
      { numRuns: 20 },
    );
  });
});
