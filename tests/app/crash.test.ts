import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { freshDatabaseOptions, lane } from '../support/database.ts';
import { startHarness, writesNotes, type Harness, type Repository } from '../support/harness.ts';

/** The run came to its end once: one pull request, one comment, one check run of each name on each commit. */
async function expectOneOfEach(kit: Repository, issue: number) {
  const { head } = kit.pullRequest();
  expect(kit.answer(issue)).toContain("NOFX finished @mona's task");
  expect(kit.checks(head.sha)).toEqual(['NOFX: completed/success', 'NOFX / gate: test: completed/success']);
  expect(kit.checks()).toHaveLength(4);
  expect(await kit.ownBranches()).toEqual([head.ref]);
  expect((await kit.run()).status).toBe('succeeded');
}

describe.concurrent(`when GitHub answers badly, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  it('makes one of each when the answer to every creation is lost', async () => {
    const kit = await nofx.repository();
    const creations = [
      'issues/1/comments',
      'issues/comments/\\d+/reactions',
      'git/commits',
      'git/refs',
      'check-runs',
      'pulls',
    ];
    for (const creation of creations) {
      nofx.github.failNext({
        method: 'POST',
        path: new RegExp(`^/repos/${kit.name}/${creation}$`),
        status: 502,
        afterEffect: true,
      });
    }
    const { issue, comment } = await kit.ask();
    await expectOneOfEach(kit, issue);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
    const lost = nofx.github
      .requests()
      .filter(({ faulted, path }) => faulted && path.startsWith(`/repos/${kit.name}/`));
    expect(lost).toHaveLength(creations.length);
  });

  it('tries a step again later when the rate limit is reached, and succeeds then', async () => {
    const kit = await nofx.repository();
    nofx.github.failNext({
      method: 'GET',
      path: new RegExp(`^/repos/${kit.name}/pulls$`),
      status: 403,
      headers: { 'retry-after': '1' },
    });
    const { issue } = await kit.ask();
    await expectOneOfEach(kit, issue);
    const run = await kit.run();
    expect(run.steps.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 2]);
    expect(run.events.find(({ type }) => type === 'step.retried')!.payload).toMatchObject({
      name: 'pull_request',
      attempt: 1,
    });
  });

  it('keeps its checks and its pull request going when GitHub takes no comment', async () => {
    const kit = await nofx.repository({ commentable: false });
    nofx.github.failNext({
      method: 'POST',
      path: new RegExp(`^/repos/${kit.name}/issues/1/comments$`),
      status: 410,
      times: 1000,
    });
    const { comment } = await kit.ask();
    expect(kit.checks(kit.pullRequest().head.sha)).toEqual([
      'NOFX: completed/success',
      'NOFX / gate: test: completed/success',
    ]);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
  });

  it('goes on with new tokens when all of its tokens expire in the middle', async () => {
    const kit = await nofx.repository({
      model: ({ turn: step }) => {
        if (step === 0) return turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
        nofx.github.expireTokens();
        return turn.text('Adds the notes.');
      },
    });
    const { issue } = await kit.ask();
    await expectOneOfEach(kit, issue);
  });

  it("leaves other people's commits on its branch alone, and says so", async () => {
    const kit = await nofx.repository({
      model: async ({ turn: step }) => {
        if (step === 0) return turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
        const [run] = await kit.runs();
        await untilBranch(kit, run!.branch);
        await nofx.github.push({ repo: kit.name, branch: run!.branch, files: { 'theirs.md': 'Mine.\n' }, by: 'mona' });
        return turn.text('Adds the notes.');
      },
    });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('Somebody else pushed to');
    const [branch] = await kit.ownBranches();
    expect(kit.git('show', `${branch}:theirs.md`)).toBe('Mine.\n');
    expect(kit.pullRequests()).toEqual([]);
  });
});

async function untilBranch(kit: Repository, branch: string): Promise<void> {
  while (!(await kit.ownBranches()).includes(branch)) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe(`when NOFX is stopped in the middle, on ${lane}`, () => {
  let nofx: Harness;
  const folder = mkdtempSync(join(tmpdir(), 'nofx-crash-'));
  beforeAll(async () => {
    // In memory there would be nothing to come back to.
    nofx = await startHarness({
      database: lane === 'pglite' ? { kind: 'pglite', dir: folder } : await freshDatabaseOptions(),
    });
  });
  afterAll(async () => {
    await nofx.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes on after a deploy where it was: one pull request, one comment', async () => {
    const kit = await nofx.repository();
    const { issue, comment } = await kit.comment('/nofx add the notes');
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await nofx.restart();
    }
    await kit.drain();
    await expectOneOfEach(kit, issue);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
  });

  it('takes up what was asked while nobody was at work', async () => {
    const kit = await nofx.repository({ model: writesNotes });
    const issue = await kit.openIssue();
    const asked = kit.comment('/nofx add the notes', { issue });
    await nofx.restart();
    await asked;
    // GitHub sends a delivery that found nobody once more when it is asked to.
    if (kit.delivery().statusCode !== 202) await nofx.github.redeliver(kit.delivery().id);
    await kit.drain();
    await expectOneOfEach(kit, issue);
  });
});
