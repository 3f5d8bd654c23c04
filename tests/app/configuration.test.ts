import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness } from '../support/harness.ts';

describe.concurrent(`what a repository settles in .github/nofx.yml, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  it('lists every mistake of .github/nofx.yml with its line', async () => {
    const config = 'gates:\n  Tests: npm test\nsetup:\n  command: npm ci\n  allow_script: yes\ndraft: maybe\n';
    const kit = await nofx.repository({ config });
    const { issue, comment } = await kit.ask();
    const answer = kit.answer(issue);
    expect(answer).toContain('`.github/nofx.yml` has mistakes');
    expect(answer).toMatch(/- line 2: gates: the name "Tests" must be a lower-case letter/);
    expect(answer).toMatch(/- line 5: .*unknown key "allow_script"\. Did you mean "allow_scripts"\?/);
    expect(answer).toMatch(/- line 6: draft: /);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'confused']);
    expect(await kit.runs()).toEqual([]);
  });

  it('works in a private repository, from the branch its configuration names, and opens drafts where it says so', async () => {
    const kit = await nofx.repository({ private: true, config: `${PASSING}base: develop\ndraft: true\n` });
    const { sha } = await nofx.github.push({
      repo: kit.name,
      branch: 'develop',
      files: { 'develop.md': 'Here.\n' },
      by: 'mona',
    });
    await kit.ask();
    expect(kit.pullRequest()).toMatchObject({ base: { ref: 'develop', sha }, draft: true });
    expect(kit.git('log', '-1', '--format=%P', kit.pullRequest().head.sha).trim()).toBe(sha);
    expect(kit.checks(sha)).toEqual([]);
  });

  it('says which branch is missing', async () => {
    const kit = await nofx.repository({ config: `${PASSING}base: gone\n` });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('There is no branch `gone` to start from');
  });

  it("takes the organization's defaults from its repository .github, each key under the repository's own", async () => {
    await nofx.github.createRepository({
      owner: 'globex',
      ownerType: 'Organization',
      name: '.github',
      installed: false,
      files: { '.github/nofx.yml': 'gates:\n  check: "true"\ngit_mode: advanced\ndraft: true\n' },
    });
    const kit = await nofx.repository({ owner: 'globex', config: 'git_mode: hidden\n' });
    await kit.ask();
    const { gitMode, config, steps } = await kit.run();
    expect({ gitMode, draft: config.draft }).toEqual({ gitMode: 'hidden', draft: true });
    expect(steps.map(({ tool }) => tool)).toEqual(['codegen', 'workspace:write', 'gate:check', 'git_pr']);
    expect(kit.pullRequest()).toMatchObject({ draft: true });
    expect(kit.pullRequest().body).toContain('✅ **check** passed');
  });

  it('tells the mistakes of both files apart', async () => {
    await nofx.github.createRepository({
      owner: 'initech',
      name: '.github',
      files: { '.github/nofx.yml': '\ndraft: maybe\n' },
    });
    const kit = await nofx.repository({ owner: 'initech', config: 'colour: red\n' });
    const { issue } = await kit.ask();
    const [own = '', org = ''] = kit.answer(issue).split('\n\n`.github/nofx.yml` of initech/.github has a mistake:');
    expect(own).toMatch(/`.github\/nofx.yml` has a mistake:\n\n- line 1: unknown key "colour"/);
    expect(org).toContain('- line 2: draft: must be true or false');
    expect(await kit.runs()).toEqual([]);
  });
});
