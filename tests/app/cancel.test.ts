import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { turn, type Script, type Turn } from '../../src/playground/model.ts';
import { cancelRun } from '../../src/runs/cancel.ts';
import { lane } from '../support/database.ts';
import { startHarness, until, type Harness, type Repository } from '../support/harness.ts';

const write = turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
/** A reply that would take minutes. */
const slow = turn.text('And then '.repeat(10_000), { delayMs: 200 });

describe.concurrent(`cancelling a run in the middle of its work, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  /** Asks, waits until the work has come as far as told, cancels, and waits for the end. */
  const cancelWhen = async (kit: Repository, ready: (runId: string) => boolean) => {
    const { issue } = await kit.comment('/nofx add the notes');
    await until(async () => (await kit.runs()).some(({ id }) => ready(id)));
    const { id } = await kit.run();
    expect(await cancelRun(nofx.nofx.deps, id, 'mona')).toBe(true);
    return { run: await cancelled(kit), answer: kit.answer(issue) };
  };
  /** The run, once its cancel has ended it: long before what it waits for, a reply of half an hour or a limit of an hour. */
  const cancelled = async (kit: Repository) => {
    await kit.drain();
    const run = await kit.run();
    expect(run.status).toBe('cancelled');
    expect(run.endedAt!.getTime() - run.cancelRequestedAt!.getTime()).toBeLessThan(120_000);
    return run;
  };
  /** A script, and how many of its replies have been asked for. */
  const counted = (script: (turn: number) => Turn) => {
    let asked = 0;
    const model: Script = ({ turn: step }: ScriptRequest) => {
      asked = Math.max(asked, step + 1);
      return script(step);
    };
    return { model, asked: () => asked };
  };

  it('keeps on its branch what the model had written until then', async () => {
    const { model, asked } = counted((step) => (step === 0 ? write : slow));
    const kit = await nofx.repository({ model });
    const { run, answer } = await cancelWhen(kit, () => asked() === 2);

    expect(await kit.ownBranches()).toEqual([run.branch]);
    expect(kit.git('show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(kit.git('rev-list', '--count', `main..${run.branch}`).trim()).toBe('1');
    expect(answer).toContain(`What was done until then is on \`${run.branch}\`. It is unfinished`);
    expect(kit.pullRequests()).toEqual([]);
    expect(run.cost).not.toBeNull();
    expect(kit.checks(kit.git('rev-parse', run.branch).trim())).toEqual(['NOFX: completed/cancelled']);
  });

  it('keeps what was written also where it is cancelled as the model ends', async () => {
    const kit: Repository = await nofx.repository({
      model: async ({ turn: step }: ScriptRequest) => {
        if (step === 0) return write;
        const { id } = await kit.run();
        await cancelRun(nofx.nofx.deps, id, 'mona');
        return turn.text('Done.');
      },
    });
    await kit.ask('/nofx add the notes');
    const { status, branch } = await kit.run();
    expect(status).toBe('cancelled');
    expect(kit.git('show', `${branch}:notes.md`)).toBe('Noted.\n');
  });

  it('keeps of a change that is being mended what it has come to, and not only what was committed before', async () => {
    let mending = 0;
    const kit = await nofx.repository({
      config: 'gates:\n  test: grep -q Better notes.md\n',
      model: ({ turn: step, prompt }) => {
        if (!prompt.includes('this is attempt 1 of 2')) return step === 0 ? write : turn.text('Done.');
        mending = step + 1;
        return step === 0 ? turn.tool('write', { file_path: 'more.md', content: 'More.\n' }) : slow;
      },
    });
    const { run } = await cancelWhen(kit, () => mending === 2);
    expect(kit.git('diff', '--name-only', 'main', run.branch).trim().split('\n')).toEqual(['more.md', 'notes.md']);
    expect(kit.git('rev-list', '--count', `main..${run.branch}`).trim()).toBe('1');
    expect(run.steps.map(({ name, status }) => `${name}: ${status}`).slice(2)).toEqual([
      'test: failed',
      'repair-1: cancelled',
      'write-1: skipped',
      'test-1: skipped',
      'pull_request: skipped',
    ]);
  });

  it('keeps the commit whose check was stopped, and leaves none of its processes', async () => {
    const kit = await nofx.repository({ config: 'gates:\n  test: "sleep 4711 & sleep 4712"\n' });
    const asleep = () => /^sleep 471[12]$/m.test(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }));
    let goneAt: Promise<number> | undefined;
    const { run, answer } = await cancelWhen(kit, () => {
      if (goneAt === undefined && asleep()) goneAt = timeWhenNot(asleep);
      return goneAt !== undefined;
    });
    expect(kit.git('show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(answer).toContain('What was done until then is on');
    expect((await goneAt!) - run.cancelRequestedAt!.getTime()).toBeLessThan(2_000);
  });

  it('keeps the commit of a run whose next step was put off for an hour, and does not wait for it', async () => {
    const kit = await nofx.repository({
      config: 'gates:\n  test: grep -q Better notes.md\n',
      model: ({ turn: step, prompt }) => {
        if (prompt.includes('this is attempt 1 of 2'))
          return turn.fault({ status: 429, message: 'Slow down.', headers: { 'retry-after': '3600' } });
        return step === 0 ? write : turn.text('Done.');
      },
    });
    const { issue } = await kit.comment('/nofx add the notes');
    await until(async () => {
      const [run] = await kit.runs();
      const { events, steps } = run ? await kit.detailsOf(run) : { events: [], steps: [] };
      return events.at(-1)?.type === 'step.retried' && steps.some(({ status }) => status === 'queued');
    });
    await kit.comment('/nofx cancel', { issue });
    const run = await cancelled(kit);
    expect(kit.git('show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(kit.answers(issue).join()).toContain(`What was done until then is on \`${run.branch}\``);
    expect(run.steps.map(({ name, status }) => `${name}: ${status}`).slice(2)).toEqual([
      'test: failed',
      'repair-1: cancelled',
      'write-1: skipped',
      'test-1: skipped',
      'pull_request: skipped',
    ]);
  });

  it('keeps the change of a run that waits for a person, also while another has the turn of its issue', async () => {
    let following = false;
    let begun = false;
    const kit = await nofx.repository({
      model: ({ turn: step }) => {
        begun = following;
        return step === 0 ? write : following ? slow : turn.text('Done.');
      },
    });
    const { issue } = await kit.start({
      goal: 'Note it',
      steps: [
        { name: 'code', tool: 'codegen', inputs: { prompt: 'Note it' } },
        { name: 'look', tool: 'manual:look' },
        { name: 'write', tool: 'workspace:write', inputs: { fromStep: 'code' } },
      ],
    });
    const [waiting] = await kit.runs();
    expect(waiting!.status).toBe('waiting');
    following = true;
    await kit.comment('/nofx add the notes', { issue });
    await until(() => begun);
    expect(await cancelRun(nofx.nofx.deps, waiting!.id, 'mona')).toBe(true);
    await until(async () => (await kit.runs())[0]!.endedAt !== null);
    const [first, second] = await kit.runs();
    expect([first!.status, second!.status]).toEqual(['cancelled', 'running']);
    expect(kit.git('show', `${first!.branch}:notes.md`)).toBe('Noted.\n');
    await cancelRun(nofx.nofx.deps, second!.id, 'mona');
    await kit.drain();
    expect(kit.answers(issue).join()).toContain(`What was done until then is on \`${first!.branch}\``);
  });

  it('stops a gate on the base as well', async () => {
    const kit = await nofx.repository({ config: 'gates:\n  test: "test -e notes.md || sleep 4713; exit 1"\n' });
    const asleep = () => /^sleep 4713$/m.test(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }));
    const { run, answer } = await cancelWhen(kit, asleep);
    expect(asleep()).toBe(false);
    expect(run.steps.map(({ name, status }) => `${name}: ${status}`).slice(2)).toEqual([
      'test: cancelled',
      'pull_request: skipped',
    ]);
    expect(kit.git('show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(answer).toContain('What was done until then is on');
  });

  it('says nothing of work where there was none, and does not commit it', async () => {
    const { model, asked } = counted(() => slow);
    const kit = await nofx.repository({ model });
    const { run, answer } = await cancelWhen(kit, () => asked() === 1);
    expect(answer).not.toContain('What was done until then');
    expect(kit.git('diff', '--stat', 'main', run.branch)).toBe('');
  });

  it('ends also where the work cannot be kept, because somebody else is on the branch', async () => {
    const { model, asked } = counted((step) => (step === 0 ? write : slow));
    const kit = await nofx.repository({ model });
    const { run, answer } = await cancelWhen(kit, (id) => {
      if (asked() < 2) return false;
      const [branch] = kit.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/nofx').trim().split('\n');
      if (branch && kit.git('log', '-1', '--format=%s', branch).trim() !== 'Mine') theirs(kit, branch);
      return Boolean(branch) && id !== '';
    });
    expect(kit.git('log', '-1', '--format=%s', run.branch).trim()).toBe('Mine');
    expect(answer).not.toContain('What was done until then');
  });
});

/** Mona commits to a branch of ours. */
function theirs(kit: Repository, branch: string): void {
  const person = ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com'];
  const commit = kit.git(...person, 'commit-tree', '-m', 'Mine', '-p', branch, `${branch}^{tree}`).trim();
  kit.git('update-ref', `refs/heads/${branch}`, commit);
}

/** The time when something is not so any more. */
async function timeWhenNot(isSo: () => boolean): Promise<number> {
  while (isSo()) await new Promise((resolve) => setTimeout(resolve, 100));
  return Date.now();
}
