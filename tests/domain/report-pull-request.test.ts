import { describe, expect, it } from 'vitest';
import { renderPullRequestBody } from '../../src/domain/report.ts';
import { finished } from './report-runs.ts';

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
