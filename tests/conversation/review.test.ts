import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { turn, type Turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness } from '../support/harness.ts';

/** Writes the notes; asked on a pull request, writes them anew. */
const model = ({ prompt, turn: step }: ScriptRequest): Turn => {
  if (step > 0) return turn.text('Done as asked.');
  const content = prompt.includes('asked on pull request') ? 'Noted again.\n' : 'Noted.\n';
  return turn.tools([['write', { file_path: 'notes.md', content }]]);
};

describe.concurrent(`reviewing a pull request, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  /** A repository with a pull request of ours. */
  const reviewed = async (config = PASSING) => {
    const kit = await nofx.repository({ model, config, collaborators: { mona: 'write', rita: 'read' } });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    const at = { repo: kit.name, pull: number };
    const notes = () => kit.git('show', `${head.ref}:notes.md`);
    /** What the model was told for the newest run. */
    const told = () =>
      JSON.stringify(
        nofx.model!.requests().findLast((request) => JSON.stringify(request).includes(`repository ${kit.name}:`)),
      );
    return { kit, number, at, notes, told };
  };

  it('a comment beside a line is heeded with its place, and answered in its thread', async () => {
    const { kit, number, at, notes, told } = await reviewed();
    const line = { ...at, path: 'notes.md', line: 1 };
    const { id } = await nofx.github.reviewComment({ ...line, body: '/nofx say it again', by: 'mona' });
    await kit.drain();
    expect(notes()).toBe('Noted again.\n');
    expect(told()).toContain('mona said beside the file notes.md, line 1 of the pull request');
    expect(told()).toContain('+the line of notes.md');
    const [asked, answer] = nofx.github.reviewComments(kit.name, number);
    expect(answer).toMatchObject({ in_reply_to_id: asked!.id });
    expect(answer!.body).toContain("NOFX finished @mona's task");
    expect(kit.answers(number)).toEqual([]);
    expect(kit.reactions({ comment: id })).toEqual(['eyes', 'rocket']);

    await nofx.github.reviewComment({ ...line, body: '/nofx status', inReplyTo: answer!.id, by: 'mona' });
    await kit.drain();
    const last = nofx.github.reviewComments(kit.name, number).at(-1)!;
    expect(last).toMatchObject({ in_reply_to_id: asked!.id });
    expect(last.body).toContain('Today in this repository: 2 tasks');
  });

  it('is told below where the thread is gone meanwhile', async () => {
    const { kit, number, at } = await reviewed();
    // Here alone: other stories are played beside this one.
    const path = new RegExp(`/${kit.name}/pulls/\\d+/comments/\\d+/replies$`);
    nofx.github.failNext({ method: 'POST', path, status: 404, times: 1 });
    await nofx.github.reviewComment({ ...at, path: 'notes.md', line: 1, body: '/nofx hlep', by: 'mona' });
    await kit.drain();
    expect(kit.answer(number)).toContain('Did you mean "help"?');
  });

  it('a review that requests changes is heeded as a whole, without a word to NOFX', async () => {
    const { kit, number, at, notes, told } = await reviewed();
    const comments = [
      { path: 'notes.md', line: 1, body: 'Say it again.' },
      { path: 'notes.md', line: 1, body: '/nofx and in capitals' },
    ];
    const review = { ...at, state: 'CHANGES_REQUESTED', comments, by: 'mona' } as const;
    await nofx.github.review({ ...review, body: 'Nearly there.' });
    await kit.drain();
    expect(notes()).toBe('Noted again.\n');
    for (const text of ['Nearly there.', 'Say it again.', 'and in capitals']) expect(told()).toContain(text);
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
    expect(await kit.runs()).toHaveLength(2);
  });

  it('keeps what was said beside the lines when it is tried again', async () => {
    const { kit, number, at, told } = await reviewed();
    await kit.push({ '.github/nofx.yml': 'gates:\n  test: "false"\nmax_repairs: 0\n' });
    const comments = [{ path: 'notes.md', line: 1, body: 'Say it once more.' }];
    await nofx.github.review({ ...at, state: 'CHANGES_REQUESTED', comments, by: 'mona' });
    await kit.drain();
    expect((await kit.runs())[1]!.status).toBe('failed');
    await kit.push({ '.github/nofx.yml': PASSING });
    await kit.ask('/nofx retry', { issue: number });
    const [, , again] = await kit.runs();
    expect(again).toMatchObject({ status: 'succeeded', source: { remarks: [{ text: 'Say it once more.' }] } });
    expect(told()).toContain('Say it once more.');
  });

  it('heeds no review by people who may not, none that asks for nothing, and none where the repository says so', async () => {
    const { kit, number, at } = await reviewed();
    await nofx.github.review({ ...at, state: 'CHANGES_REQUESTED', body: 'I do not like it.', by: 'rita' });
    await nofx.github.review({ ...at, state: 'APPROVED', body: 'Good.', by: 'mona' });
    await kit.push({ '.github/nofx.yml': 'on_review: off\n' });
    await nofx.github.review({ ...at, state: 'CHANGES_REQUESTED', body: 'Say it again.', by: 'mona' });
    await kit.drain();
    expect(kit.answers(number)).toEqual([]);
    expect(await kit.runs()).toHaveLength(1);
    await nofx.github.review({ ...at, state: 'COMMENTED', body: '/nofx help', by: 'mona' });
    await kit.drain();
    expect(kit.answer(number)).toContain('`/nofx <what you want>` starts a run.');
  });

  it("says nothing on other people's pull requests", async () => {
    const kit = await nofx.repository({ model });
    await nofx.github.push({ repo: kit.name, branch: 'theirs', files: { 'mine.md': 'Mine.\n' }, by: 'mona' });
    const { number: pull } = await nofx.github.openPull({
      repo: kit.name,
      head: 'theirs',
      base: 'main',
      title: 'Mine',
      by: 'mona',
    });
    await nofx.github.review({ repo: kit.name, pull, state: 'CHANGES_REQUESTED', body: 'No.', by: 'mona' });
    await kit.drain();
    expect(kit.answers(pull)).toEqual([]);
  });
});
