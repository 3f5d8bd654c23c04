import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { turn, type Script, type Turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness, type Repository } from '../support/harness.ts';

const files = { 'list.md': 'one\ntwo\nthree\n' };

/** Changes the second line; resolves conflicts as told. */
const model =
  (resolved: string): Script =>
  ({ prompt, turn: step }: ScriptRequest): Turn => {
    if (step > 0) return turn.text('Makes it louder.');
    const content = prompt.includes('Resolve the merge conflicts') ? resolved : 'one\nTWO\nthree\n';
    return turn.tools([['write', { file_path: 'list.md', content }]]);
  };

describe.concurrent(`bringing a pull request up to date, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const opened = async (resolved = 'one\nTWO!\nthree\n') => {
    const kit = await nofx.repository({ files, model: model(resolved) });
    const { issue } = await kit.ask('/nofx make it louder');
    const { number, head } = kit.pullRequest();
    const at = async () => (await kit.branches())[head.ref]!;
    const list = async () => kit.git('show', `${await at()}:list.md`);
    const main = async () => (await kit.branches())['main']!;
    return { kit, issue, number, head, at, list, main };
  };

  /** A person adds a commit to a branch. */
  const pushTo = async (kit: Repository, branch: string) => {
    const files = { 'mine.md': 'Mine.\n' };
    return (await nofx.github.push({ repo: kit.name, branch, files, by: 'mona' })).sha;
  };

  it('says so when there is nothing to do', async () => {
    const { kit, number } = await opened();
    await kit.ask('/nofx rebase', { issue: number });
    expect(kit.answer(number)).toContain(`#${number} has everything that main has`);
  });

  it('moves our own commits to the new base as one, and checks it anew', async () => {
    const { kit, issue, number, at, list, main } = await opened();
    await kit.push({ 'other.md': 'Other.\n' });
    await kit.ask('/nofx rebase', { issue });
    expect(kit.git('rev-parse', `${await at()}^`).trim()).toBe(await main());
    expect(await list()).toBe('one\nTWO\nthree\n');
    expect(kit.git('log', '-1', '--format=%s%n%n%b', await at())).toContain('Add the notes\n\nMakes it louder.');
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
    expect(kit.checks(await at())).toContain('NOFX / gate: test: completed/success');
    expect((await kit.runs())[1]!.cost).toBeNull();
  });

  it('has the model resolve conflicts of our own commits', async () => {
    const { kit, number, at, list, main } = await opened();
    await kit.push({ 'list.md': 'one\ntwo!\nthree\n' });
    await kit.ask('/nofx rebase', { issue: number });
    expect(await list()).toBe('one\nTWO!\nthree\n');
    expect(kit.git('rev-parse', `${await at()}^`).trim()).toBe(await main());
    const [, run] = await Promise.all((await kit.runs()).map(kit.detailsOf));
    expect(run!.steps.map(({ name }) => name)).toEqual(['rebase', 'resolve', 'write', 'test', 'push']);
  });

  it('hands in no conflict that the model left', async () => {
    const left = 'one\n<<<<<<< ours\ntwo!\n=======\nTWO\n>>>>>>> theirs\nthree\n';
    const { kit, number, at } = await opened(left);
    const before = await at();
    await kit.push({ 'list.md': 'one\ntwo!\nthree\n' });
    await kit.ask('/nofx rebase', { issue: number });
    expect(await at()).toBe(before);
    expect(kit.answer(number)).toContain('The model left conflicts in `list.md`');
  });

  it('rewrites no commit of a person: GitHub merges the base', async () => {
    const { kit, number, head, at } = await opened();
    const sha = await pushTo(kit, head.ref);
    await kit.push({ 'other.md': 'Other.\n' });
    await kit.ask('/nofx rebase', { issue: number });
    expect(
      kit
        .git('rev-list', '--parents', '-1', await at())
        .trim()
        .split(' '),
    ).toHaveLength(3);
    expect(kit.git('merge-base', '--is-ancestor', sha, await at())).toBe('');
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
  });

  it('names the conflicts with commits of a person, file by file', async () => {
    const { kit, number, head, at } = await opened();
    const sha = await pushTo(kit, head.ref);
    await kit.push({ 'list.md': 'one\ntwo!\nthree\n' });
    await kit.ask('/nofx rebase', { issue: number });
    expect(await at()).toBe(sha);
    expect(kit.answer(number)).toContain('It conflicts with main in `list.md`.');
  });

  it('can be asked for by the box in the pull request, which is unticked again', async () => {
    const { kit, number, at, main } = await opened();
    await kit.push({ 'other.md': 'Other.\n' });
    const body = () => kit.pullRequest().body!;
    expect(body()).toContain('- [ ] <!-- nofx:up-to-date --> Tick this box');
    const ticked = body().replace('- [ ] <!-- nofx:up-to-date -->', '- [x] <!-- nofx:up-to-date -->');
    await nofx.github.editPull({ repo: kit.name, pull: number, body: ticked, by: 'rita' });
    await kit.drain();
    expect(kit.answer(number)).toContain('your role here is read');
    expect(await kit.runs()).toHaveLength(1);
    await nofx.github.editPull({ repo: kit.name, pull: number, body: body().replace('[x]', '[ ]'), by: 'mona' });
    await nofx.github.editPull({ repo: kit.name, pull: number, body: ticked, by: 'mona' });
    await kit.drain();
    expect(kit.git('rev-parse', `${await at()}^`).trim()).toBe(await main());
    expect(body()).toContain('- [ ] <!-- nofx:up-to-date -->');
    await nofx.github.editPull({ repo: kit.name, pull: number, body: `${body()} Thank you.`, by: 'mona' });
    await kit.drain();
    expect(await kit.runs()).toHaveLength(2);
  });
});
