import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

describe.concurrent(`which repositories a run can work in, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  it('answers that an empty repository has nothing to work from', async () => {
    const empty = await nofx.repository({ files: {} });
    const { issue, comment } = await empty.ask();
    expect(empty.answer(issue)).toContain('The repository is empty: there is no commit to work from.');
    expect(empty.answer(issue)).toContain('Push a first commit');
    expect(empty.reactions({ comment })).toEqual(['eyes', 'confused']);
    expect(await empty.outcome()).toMatch(/^refused: The repository is empty/);
  });

  it('stays silent in an archived repository, where nobody can be answered, and says why in its books', async () => {
    const old = await nofx.repository();
    const issue = await old.openIssue();
    nofx.github.configure(old.name, { archived: true });
    await old.ask('/nofx add the notes', { issue });
    expect(old.answers(issue)).toEqual([]);
    expect(await old.runs()).toEqual([]);
    expect(await old.outcome()).toMatch(/^unanswered: The repository is archived/);
  });

  it('follows a repository under its new name', async () => {
    const kit = await nofx.repository({ name: 'old-name' });
    const issue = await kit.openIssue();
    kit.rename('new-name');
    const { comment } = await kit.ask('/nofx add the notes', { issue });
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['succeeded']);
    expect(kit.pullRequests()).toHaveLength(1);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
  });

  it('does runs side by side in one repository, each on its own branch', async () => {
    const kit = await nofx.repository();
    await Promise.all(['/nofx add the notes', '/nofx write notes'].map((text) => kit.comment(text)));
    await kit.drain();
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(new Set(kit.pullRequests().map(({ head }) => head.ref)).size).toBe(2);
  });

  it('says so when a rule forbids the push', async () => {
    const kit = await nofx.repository({
      // The rule comes up while the run goes: only the push meets it.
      model: async ({ turn: step }) => {
        if (step === 0) return turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
        const [run] = await kit.runs();
        nofx.github.configure(kit.name, { protectedBranches: [run!.branch] });
        return turn.text('Adds the notes.');
      },
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.answer(issue)).toContain('**What failed:**');
    expect(kit.answer(issue)).toContain('refused the push');
  });
});
