import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { does, PASSING, startHarness, until, type Harness, type Repository } from '../support/harness.ts';

const VERIFIED = `commits: verified\n${PASSING}`;
const MODEL = does(
  [
    ['write', { file_path: 'notes.md', content: 'Noted.\r\nÜber alles.\n' }],
    ['move_file', { from: 'old.md', to: 'docs/new.md' }],
    ['delete_file', { file_path: 'gone.sh' }],
  ],
  'Tidies up.',
);
const FILES = { 'old.md': 'This moves.\n', 'gone.sh': 'exit 0\n', 'run.sh': 'exit 0\n' };

describe(`commits that GitHub signs, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const log = (kit: Repository, sha: string) => kit.git('log', '--format=%an, %cn: %s', `main..${sha}`).trim();

  // By itself: the answer that is lost is the next one.
  it('finds it again where the answer was lost, and makes no second one', async () => {
    const kit = await nofx.repository({ config: VERIFIED, files: FILES, model: MODEL });
    nofx.github.failNext({ method: 'POST', path: /^\/graphql$/, status: 502, afterEffect: true });
    await kit.ask();
    expect(nofx.github.requests().filter(({ faulted }) => faulted)).toHaveLength(1);
    expect(log(kit, kit.pullRequest().head.sha)).toBe('nofx[bot], GitHub: Add the notes');
  });

  describe.concurrent('where nothing is lost', () => {
    it('has one on the branch, with the very files that were checked', async () => {
      const kit = await nofx.repository({ config: VERIFIED, files: FILES, model: MODEL });
      const { issue } = await kit.ask();
      const { head } = kit.pullRequest();
      expect(log(kit, head.sha)).toBe('nofx[bot], GitHub: Add the notes');
      const { steps } = await kit.run();
      const checked = steps.find(({ tool }) => tool === 'workspace:write')!.outputs!['sha'];
      expect(head.sha).not.toBe(checked);
      expect(steps.at(-1)!.outputs).toMatchObject({ sha: head.sha, notes: [] });
      expect(kit.git('diff', '-M', '--name-status', 'main', head.sha).trim().split('\n')).toEqual([
        'R100\told.md\tdocs/new.md',
        'D\tgone.sh',
        'A\tnotes.md',
      ]);
      expect(kit.git('show', `${head.sha}:notes.md`)).toBe('Noted.\r\nÜber alles.\n');
      expect(kit.git('log', '-1', '--format=%(trailers:only)', head.sha)).toContain('NOFX-Run: run_');
      expect(kit.checks(head.sha)).toEqual(['NOFX: completed/success', 'NOFX / gate: test: completed/success']);
      expect(kit.answer(issue)).not.toContain('⚠️');
    });

    it('puts one more on a pull request', async () => {
      const kit = await nofx.repository({
        config: VERIFIED,
        files: FILES,
        model: ({ turn: step, prompt }) =>
          step > 0
            ? turn.text('Done.')
            : turn.tool('write', {
                file_path: prompt.includes('asked on pull request') ? 'b.md' : 'a.md',
                content: 'x\n',
              }),
      });
      await kit.ask();
      await kit.ask('/nofx and another', { issue: kit.pullRequest().number });
      expect(log(kit, kit.pullRequest().head.sha)).toBe(
        'nofx[bot], GitHub: and another\nnofx[bot], GitHub: Add the notes',
      );
    });

    it('pushes what cannot be made that way, and says why', async () => {
      const kit = await nofx.repository({
        config: VERIFIED,
        files: FILES,
        model: ({ turn: step }) => (step > 0 ? turn.text('Done.') : turn.tool('bash', { command: 'chmod +x run.sh' })),
      });
      const { issue } = await kit.ask();
      const { head } = kit.pullRequest();
      expect(kit.git('ls-tree', head.sha, 'run.sh')).toMatch(/^100755/);
      expect(log(kit, head.sha)).toBe('nofx[bot], nofx[bot]: Add the notes');
      expect(kit.answer(issue)).toContain(
        '⚠️ The commit is not signed by GitHub: run.sh is executable, or was. It was pushed instead.',
      );
    });

    it('leaves alone what somebody pushed meanwhile', async () => {
      let push = async (): Promise<unknown> => null;
      const kit = await nofx.repository({
        config: VERIFIED,
        files: FILES,
        model: async ({ turn: step }) => {
          if (step > 0) return turn.text('Done.');
          await push();
          return turn.tool('write', { file_path: 'a.md', content: 'x\n' });
        },
      });
      push = async () => {
        await until(async () => (await kit.ownBranches()).length > 0);
        const branch = (await kit.ownBranches())[0]!;
        return nofx.github.push({ repo: kit.name, branch, files: { 'mine.md': 'Mine.\n' }, by: 'mona' });
      };
      const { issue } = await kit.ask();
      expect(kit.answer(issue)).toContain('Somebody else pushed to');
      expect(kit.git('show', `${(await kit.ownBranches())[0]!}:mine.md`)).toBe('Mine.\n');
    });
  });
});
