import { describe, expect, it } from 'vitest';
import { renderCheck, renderGateCheck } from '../../src/domain/report.ts';
import { failed, finished, gate, running } from './report-runs.ts';

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
