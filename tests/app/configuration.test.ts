import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { changesNothing, PASSING, startHarness, type Harness } from '../support/harness.ts';

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

  it('is started by the label that the repository names, and by no other', async () => {
    const kit = await nofx.repository({ config: `${PASSING}label: bot please\n`, model: changesNothing });
    const issue = await kit.openIssue();
    await kit.label('nofx', { issue });
    await kit.drain();
    expect(await kit.outcome()).toBe('ignored: label nofx');
    await kit.label('Bot please', { issue });
    await kit.drain();
    expect(await kit.runs()).toHaveLength(1);
  });

  it('says nothing of its mistakes to somebody who puts another label on an issue', async () => {
    const kit = await nofx.repository({ config: 'colour: red\n' });
    const issue = await kit.label('help wanted');
    await kit.drain();
    expect(kit.answers(issue)).toEqual([]);
    await kit.label('nofx', { issue });
    await kit.drain();
    expect(kit.answer(issue)).toContain('unknown key "colour"');
  });

  it('chooses the model, what it is to read first, the kind of checkout and the language of what NOFX says', async () => {
    const asked: { model: string; text: string }[] = [];
    const kit = await nofx.repository({
      files: { 'AGENTS.md': 'Never mind.', 'docs/guide/style.md': 'Write in verse.', 'a.txt': 'x' },
      config: [
        'model: claude-haiku-5-5',
        'conventions: [docs/guide/style.md, missing.md]',
        'git_mode: hidden',
        'workspace_mode: clone',
        // Only a linked worktree has such a file.
        'gates: { kind: \'test ! -e "$(sed "s/gitdir: //" .git)/commondir"\' }',
      ].join('\n'),
      model: ({ turn: step, body }) => {
        asked.push({ model: body.model, text: JSON.stringify(body.messages[0]) });
        return step === 0 ? turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' }) : turn.text('Done.');
      },
    });
    const { issue } = await kit.ask();
    const { model, text } = asked[0]!;
    expect(model).toBe('claude-haiku-5-5');
    expect(text).toContain('file docs/guide/style.md');
    expect(text).toContain('Write in verse.');
    expect(text).not.toContain('Never mind.');
    expect(kit.answer(issue)).toContain('- [x] Check: kind');
    expect(kit.answer(issue)).toContain('✅ **kind** passed');
    expect(kit.answer(issue)).not.toMatch(/branch|commit|pull request/i);
  });

  it('runs the set-up before the gates that want it, without install scripts', async () => {
    const kit = await nofx.repository({
      config: [
        'setup: echo "$npm_config_ignore_scripts" > "$HOME/scripts"',
        'gates:',
        '  before: { command: \'test ! -e "$HOME/scripts"\', setup: false }',
        '  after: test "$(cat "$HOME/scripts")" = true',
      ].join('\n'),
    });
    await kit.ask();
    expect(kit.pullRequest().body).toContain('✅ **before** passed');
    expect(kit.pullRequest().body).toContain('✅ **after** passed');
  });
});
