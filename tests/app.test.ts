import { afterEach, describe, expect, it } from 'vitest';
import { demoScript } from '../src/playground/demo-script.ts';
import { lane } from './support/database.ts';
import { startHarness, type Harness } from './support/harness.ts';

describe(`from /nofx to a pull request, on ${lane}`, () => {
  let nofx: Harness;
  afterEach(() => nofx.stop());

  it('turns a comment into a tested pull request and tells the story in one comment', async () => {
    nofx = await startHarness({ script: demoScript });
    const before = await nofx.github.branches(nofx.repo);
    const { issue, comment } = await nofx.comment('/nofx add a slugify helper with tests');
    await nofx.drain();

    const pull = nofx.pullRequest();
    expect(pull.title).toBe('Add a slugify helper');
    expect(pull.base.ref).toBe('main');
    expect(pull.head.ref).toMatch(/^nofx\/1-add-a-slugify-helper-[0-9a-f]+$/);
    expect(pull.body).toContain(`Closes #${issue}`);
    expect((await nofx.file(pull.head.ref, 'src/slugify.js')).toString()).toContain('export');

    expect(nofx.answers(issue)).toHaveLength(1);
    expect(nofx.answers(issue)[0]).toContain("NOFX finished @mona's task");
    expect(nofx.github.reactions({ comment }).map(({ content }) => content)).toEqual(['eyes', 'rocket']);
    expect(nofx.checks(pull.head.sha)).toEqual(['NOFX: completed/success', 'NOFX / gate: test: completed/success']);
    expect(nofx.checks().filter((check) => !check.includes('completed/'))).toEqual([]);
    const after = await nofx.github.branches(nofx.repo);
    expect(after['main']).toBe(before['main']);
    expect(nofx.checks(before['main'])).toEqual([]);
  });
});
