import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness } from '../support/harness.ts';

describe.concurrent(`how a repository wants its pull requests, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  it('asks people and teams to review, assigns, labels, and names the branch as the repository says', async () => {
    const kit = await nofx.repository({
      collaborators: { mona: 'write', rita: 'read' },
      config: `${PASSING}branch: nofx/{user}/{slug}-{run}\nreviewers: [rita, acme/leads]\nassignees: [Mona]\nlabels: [from nofx, "size: s"]\n`,
    });
    nofx.github.addTeam('acme/leads', { members: ['ada'], repositories: { [kit.name]: 'write' } });
    const { issue } = await kit.ask();
    const pull = kit.pullRequest();
    expect(pull.head.ref).toMatch(/^nofx\/mona\/add-the-notes-[0-9a-f]+$/);
    expect(pull.requested_reviewers.map(({ login }) => login)).toEqual(['rita']);
    expect(pull.requested_teams.map(({ slug }) => slug)).toEqual(['leads']);
    expect(pull.assignees.map(({ login }) => login)).toEqual(['mona']);
    expect(pull.labels.map(({ name }) => name)).toEqual(['from nofx', 'size: s']);
    expect(kit.answer(issue)).not.toContain('⚠️');
  });

  it('opens the pull request all the same where GitHub refuses a reviewer or an assignee, and says whom', async () => {
    const kit = await nofx.repository({
      config: `${PASSING}reviewers: [rita, nobody, acme/unknown]\nassignees: [stranger]\n`,
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequest().requested_reviewers.map(({ login }) => login)).toEqual(['rita']);
    const answer = kit.answer(issue);
    expect(answer).toContain("NOFX finished @mona's task");
    expect(answer).toContain('- ⚠️ nobody could not be asked for a review: they have no access to the repository.');
    expect(answer).toContain('- ⚠️ acme/unknown could not be asked for a review: the team has no access');
    expect(answer).toContain('- ⚠️ stranger could not be assigned');
  });

  it('opens a draft that says which gates did not pass, where the repository wants one, and is not green', async () => {
    const kit = await nofx.repository({
      config:
        'gates:\n  lint: if grep -q Noted notes.md; then echo two spaces too many; exit 1; fi\n  test: "true"\non_gate_failure: draft\nmax_repairs: 0\n',
    });
    const { issue } = await kit.ask();
    const pull = kit.pullRequest();
    expect(pull.draft).toBe(true);
    expect(pull.body).toContain('> [!WARNING]\n> The pull request is a draft: **lint** did not pass.');
    expect(pull.body).toContain('❌ **lint** failed with exit code 1');
    expect(pull.body).toContain('✅ **test** passed');
    const answer = kit.answer(issue);
    expect(answer).toContain('The pull request is a draft: **lint** did not pass.');
    expect(answer).toMatch(/^two spaces too many$/m);
    expect(kit.checks(pull.head.sha)).toEqual([
      'NOFX: completed/neutral',
      'NOFX / gate: lint: completed/failure',
      'NOFX / gate: test: completed/success',
    ]);
    expect(kit.checkRuns(pull.head.sha)[0]).toMatchObject({
      output: { title: `Opened draft pull request #${pull.number}` },
    });
    const { status, steps } = await kit.run();
    expect(status).toBe('succeeded');
    expect(steps.map((step) => `${step.tool} ${step.status}`)).toEqual([
      'codegen succeeded',
      'workspace:write succeeded',
      'gate:lint failed',
      'gate:test succeeded',
      'git_pr succeeded',
    ]);
  });
});
