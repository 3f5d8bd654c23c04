import { describe, expect, it } from 'vitest';
import { commentMarker, renderComment } from '../../src/domain/report.ts';
import { failed, finished, running } from './report-runs.ts';

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
