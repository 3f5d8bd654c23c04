import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness, type Repository } from '../support/harness.ts';

describe(`from /nofx to a pull request, on ${lane}`, () => {
  let nofx: Harness;
  let kit: Repository;
  let base: string;
  let asked: { issue: number; comment: number };

  beforeAll(async () => {
    nofx = await startHarness();
    const template = '## What and why\n\n- [ ] I have read the guide\n';
    // No config of its own: the repository's own tests are found, run, and pass.
    kit = await nofx.repository({
      name: 'text-kit',
      config: null,
      model: demoScript,
      files: { ...(await sampleFiles()), '.github/pull_request_template.md': template },
    });
    base = kit.git('rev-parse', 'main').trim();
    asked = await kit.ask('/nofx add a slugify helper with tests', { title: 'Add a slugify helper' });
  });
  afterAll(() => nofx.stop());

  it('opens one pull request with the work on a branch of its own', () => {
    const pull = kit.pullRequest();
    expect(pull).toMatchObject({
      title: 'Add a slugify helper',
      draft: false,
      user: { login: 'nofx[bot]' },
      base: { ref: 'main', sha: base },
    });
    expect(pull.head.ref).toMatch(/^nofx\/1-add-a-slugify-helper-[0-9a-f]+$/);
    expect(kit.git('diff', '--name-status', 'main', pull.head.ref).trim().split('\n')).toEqual([
      'M\tsrc/index.js',
      'A\tsrc/slugify.js',
      'A\ttest/slugify.test.js',
    ]);
    expect(kit.git('show', `${pull.head.ref}:src/slugify.js`)).toContain('export function slugify');
  });

  it("puts the repository's own template first, then closes the issue, sums up, and says what was checked", () => {
    const body = kit.pullRequest().body ?? '';
    expect(body.startsWith('## What and why\n\n- [ ] I have read the guide\n\nCloses #1\n\n## Summary')).toBe(true);
    expect(body).toContain('✅ **test** passed');
    expect(body).toContain('`npm test`');
    expect(body).toContain('Asked for by @mona');
    // The model ran them too, while it worked.
    expect(body).toContain('The repository’s own tests pass with it');
    const sha256 = /^([0-9a-f]{64}) {2}src\/slugify\.js$/m.exec(body)?.[1];
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('commits as the app, with the person who asked beside it, on top of the base', () => {
    const { head } = kit.pullRequest();
    const [parents, author, committer, subject, trailers] = kit
      .git('log', '-1', '--format=%P%x00%an <%ae>%x00%cn <%ce>%x00%s%x00%(trailers:unfold)', head.sha)
      .trim()
      .split('\0');
    expect(parents).toBe(base);
    expect(author).toMatch(/^nofx\[bot\] <\d+\+nofx\[bot\]@users\.noreply\.127\.0\.0\.1>$/);
    expect(committer).toBe(author);
    expect(subject).toBe('Add a slugify helper');
    expect(trailers).toMatch(/^Co-authored-by: mona <\d+\+mona@users\.noreply\.[^>]+>\nNOFX-Run: run_[0-9a-f]+$/);
    expect(kit.git('rev-parse', kit.pullRequest().head.ref).trim()).toBe(head.sha);
  });

  it('tells the story in one comment, with 👀 first and 🚀 at the end', () => {
    const answer = kit.answer(asked.issue);
    expect(answer).toContain("NOFX finished @mona's task");
    expect(answer).toContain(kit.pullRequest().html_url);
    expect(answer.match(/^- \[x\] /gm)).toHaveLength(4);
    expect(answer).toContain('✅ **test** passed');
    expect(answer).toMatch(/Cost: \$\d/);
    expect(kit.reactions({ comment: asked.comment })).toEqual(['eyes', 'rocket']);
  });

  it('shows its progress on a marker commit that starts no CI, and the result on the pushed one', async () => {
    const { head } = kit.pullRequest();
    const both = ['NOFX: completed/success', 'NOFX / gate: test: completed/success'];
    expect(kit.checks(head.sha)).toEqual(both);
    const marker = kit.checkRuns().find((check) => check.head_sha !== head.sha)!.head_sha;
    expect(kit.checks(marker)).toEqual(both);
    expect(kit.checks()).toHaveLength(4);
    expect(kit.git('log', '-1', '--format=%P %T', marker).trim()).toBe(
      `${base} ${kit.git('rev-parse', 'main^{tree}').trim()}`,
    );
    expect(kit.git('log', '-1', '--format=%B', marker)).toContain('[skip ci]');
    expect(kit.checkRuns(head.sha)[0]).toMatchObject({
      output: { title: expect.stringContaining('pull request #2') as string },
    });
  });

  it('leaves the default branch where it was, without a check', async () => {
    expect((await kit.branches())['main']).toBe(base);
    expect(kit.checks(base)).toEqual([]);
    expect(await kit.ownBranches()).toEqual([kit.pullRequest().head.ref]);
  });

  it('keeps a trail of numbered events without a gap', async () => {
    const { events, status } = await kit.run();
    expect(status).toBe('succeeded');
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type)).toEqual([
      'run.created',
      'step.enqueued',
      'run.started',
      ...Array.from({ length: 3 }, () => ['step.started', 'step.finished', 'step.enqueued']).flat(),
      'step.started',
      'step.finished',
      'run.succeeded',
    ]);
  });

  it('answers /health, /health/ready and /nofx.schema.json', async () => {
    const health = await fetch(`${nofx.nofx.url}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${nofx.nofx.url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', database: 'ok', queue: 'ok', disk: 'ok' },
    ]);
    const schema = await fetch(`${nofx.nofx.url}/nofx.schema.json`);
    expect(await schema.json()).toMatchObject({ title: 'NOFX', properties: { gates: { type: 'object' } } });
  });
});
