import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { turn, type Script } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, until, writesNotes, type Harness } from '../support/harness.ts';

/** Writes the notes; asked on a pull request, puts one line more into them. */
const writesMore: Script = (request: ScriptRequest) => {
  if (!request.prompt.includes('asked on pull request'))
    return (writesNotes as (r: ScriptRequest) => ReturnType<typeof turn.text>)(request);
  return request.turn === 0
    ? turn.tools([['read', { file_path: 'notes.md' }]])
    : request.turn === 1
      ? turn.tools([['edit', { file_path: 'notes.md', old_string: 'Noted.', new_string: 'Noted.\nTwice.' }]])
      : turn.text('Notes it twice.');
};

describe.concurrent(`changing a pull request, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  it('a comment on it makes one more commit on its branch', async () => {
    const kit = await nofx.repository({ model: writesMore });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    const first = (await kit.branches())[head.ref]!;
    const { comment } = await kit.ask('/nofx say it twice', { issue: number });

    const second = (await kit.branches())[head.ref]!;
    expect(kit.git('rev-parse', `${second}^`).trim()).toBe(first);
    expect(kit.git('show', `${second}:notes.md`)).toBe('Noted.\nTwice.\n');
    expect(kit.git('log', '-1', '--format=%s', second).trim()).toBe('say it twice');
    expect(kit.pullRequest().head.sha).toBe(second);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
    expect(kit.answer(number)).toContain(`[PR ➔](${kit.pullRequest().html_url})`);
    expect(kit.checks(second)).toEqual(['NOFX: completed/success', 'NOFX / gate: test: completed/success']);
    const [, run] = await kit.runs();
    expect(run).toMatchObject({ branch: head.ref, baseRef: 'main', baseSha: first, pullRequest: { number } });
  });

  it('revise on the issue changes the pull request that came of it', async () => {
    const kit = await nofx.repository({ model: writesMore });
    const none = await kit.ask('/nofx revise say it twice');
    expect(kit.answer(none.issue)).toContain('No pull request came of this issue yet.');
    const { issue } = await kit.ask();
    const { number, head } = kit.pullRequest();
    await kit.ask('/nofx revise say it twice', { issue });
    expect(kit.git('show', `${head.ref}:notes.md`)).toBe('Noted.\nTwice.\n');
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
    expect(kit.answers(issue)).toHaveLength(1);
  });

  it('is checked by the commands of the base branch, whatever the pull request made of them', async () => {
    const kit = await nofx.repository({
      files: { 'package.json': '{ "scripts": { "test": "true" } }\n' },
      config: null,
      model: (request: ScriptRequest) => {
        if (request.turn > 0) return turn.text('Done.');
        // Where this lies, the tests are pnpm's to run.
        const path = request.prompt.includes('asked on pull request') ? 'notes.md' : 'pnpm-lock.yaml';
        return turn.tools([['write', { file_path: path, content: "lockfileVersion: '9.0'\n" }]]);
      },
    });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    await kit.ask('/nofx add the notes', { issue: number });
    const run = await kit.detailsOf((await kit.runs())[1]!);
    expect(kit.git('show', `${head.ref}:notes.md`)).toContain('9.0');
    expect(run.steps.find(({ tool }) => tool === 'gate:test')!.outputs).toMatchObject({ command: 'npm test' });
  });

  it('never goes over what somebody pushed meanwhile', async () => {
    let push = async (): Promise<void> => {};
    const kit = await nofx.repository({
      model: async (request: ScriptRequest) => {
        if (request.prompt.includes('asked on pull request') && request.turn === 0) await push();
        return (writesMore as (r: ScriptRequest) => ReturnType<typeof turn.text>)(request);
      },
    });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    let theirs = '';
    push = async () => {
      theirs = (
        await nofx.github.push({ repo: kit.name, branch: head.ref, files: { 'mine.md': 'Mine.\n' }, by: 'mona' })
      ).sha;
    };
    await kit.ask('/nofx say it twice', { issue: number });
    expect((await kit.branches())[head.ref]).toBe(theirs);
    expect(kit.answer(number)).toContain('Somebody else pushed to');
    expect((await kit.runs())[1]!.status).toBe('failed');
  });

  it('starts from what a person pushed before', async () => {
    const kit = await nofx.repository({ model: writesMore });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    await nofx.github.push({ repo: kit.name, branch: head.ref, files: { 'mine.md': 'Mine.\n' }, by: 'mona' });
    await kit.ask('/nofx say it twice', { issue: number });
    expect(kit.git('show', `${head.ref}:mine.md`)).toBe('Mine.\n');
    expect(kit.git('show', `${head.ref}:notes.md`)).toBe('Noted.\nTwice.\n');
  });

  it('takes turns, and stops at a word', async () => {
    const kit = await nofx.repository({
      model: (request: ScriptRequest) =>
        request.prompt.includes('asked on pull request')
          ? turn.text('And then '.repeat(10_000), { delayMs: 200 })
          : (writesNotes as (r: ScriptRequest) => ReturnType<typeof turn.text>)(request),
    });
    await kit.ask();
    const { number, head } = kit.pullRequest();
    const before = (await kit.branches())[head.ref];
    await kit.comment('/nofx say it twice', { issue: number });
    await until(async () => (await kit.runs())[1]?.status === 'running');
    await nofx.github.close({ repo: kit.name, issue: number, by: 'mona' });
    await kit.drain();
    expect((await kit.runs())[1]!.status).toBe('cancelled');
    expect((await kit.branches())[head.ref]).toBe(before);
    const { comment } = await kit.ask('/nofx say it twice', { issue: number });
    expect(kit.answers(number).at(-1)).toContain(`#${number} is closed`);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'confused']);
  });

  it('leaves the pull requests of others alone', async () => {
    const kit = await nofx.repository();
    await nofx.github.push({ repo: kit.name, branch: 'theirs', files: { 'mine.md': 'Mine.\n' }, by: 'mona' });
    const { number } = await nofx.github.openPull({
      repo: kit.name,
      head: 'theirs',
      base: 'main',
      title: 'Mine',
      by: 'mona',
    });
    await kit.ask('/nofx say it twice', { issue: number });
    expect(kit.answer(number)).toContain('NOFX changes only pull requests that it has opened itself.');
    expect(await kit.runs()).toEqual([]);
  });
});
