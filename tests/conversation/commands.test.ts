import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listArtifacts } from '../../src/db/artifacts.ts';
import { findDelivery } from '../../src/db/deliveries.ts';
import { turn, type Script } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, until, writesNotes, type Harness, type Repository } from '../support/harness.ts';

/** A reply that would take minutes. */
const endless = turn.text('And then '.repeat(10_000), { delayMs: 200 });
const slow: Script = () => endless;
/** What no change passes. */
const FAILING = 'gates:\n  test: "false"\n';

describe.concurrent(`the conversation, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const underWay = async (kit: Repository, count = 1) => {
    await until(async () => (await kit.runs()).filter(({ status }) => status === 'running').length === count);
  };

  it('cancel stops the run at work, and the next in line starts', async () => {
    let asked = 0;
    const kit = await nofx.repository({
      model: () =>
        (asked += 1) === 1 ? turn.text('…'.repeat(50_000), { delayMs: 200 }) : turn.text('It is all there.'),
    });
    const { issue } = await kit.comment('/nofx add the notes');
    await underWay(kit);
    await kit.comment('/nofx add more notes', { issue });
    await until(async () => (await kit.runs()).length === 2);
    const { comment } = await kit.comment('/nofx cancel', { issue });
    await kit.drain();
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['cancelled', 'neutral']);
    expect(kit.reactions({ comment })).toEqual(['eyes']);
    expect(kit.answers(issue)).toHaveLength(2);
    // On a busy machine the comment on the next comes first: that on the one at work is written when it has ended.
    const stopped = kit.answers(issue).find((body) => body.includes("NOFX stopped work on @mona's task"));
    expect(stopped, kit.everything()).toContain('Cancelled by @mona');
  });

  it('unlock stops what is at work and all that stand in line', async () => {
    const kit = await nofx.repository({ model: slow, collaborators: { mona: 'write', maya: 'maintain' } });
    const { issue } = await kit.comment('/nofx add the notes');
    await underWay(kit);
    await kit.comment('/nofx add more notes', { issue });
    await until(async () => (await kit.runs()).length === 2);
    await kit.comment('/nofx add even more', { issue });
    const says = (words: string) => kit.answers(issue).some((body) => body.includes(`Waiting in line: ${words} asked`));
    await until(() => says('one task') && says('2 tasks'));
    await kit.comment('/nofx unlock', { issue, by: 'maya' });
    await kit.drain();
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(kit.answers(issue).every((body) => body.includes('Cancelled by @maya'))).toBe(true);
  });

  it.each(['cancel', 'unlock'])('%s says so when there is nothing to do', async (command) => {
    const kit = await nofx.repository({ collaborators: { maya: 'maintain' } });
    const { issue, comment } = await kit.ask(`/nofx ${command}`, { by: 'maya' });
    expect(kit.answer(issue)).toContain('Nothing of NOFX is under way here');
    expect(kit.reactions({ comment })).toEqual(['confused']);
  });

  it('is over when the issue is closed, and only then when the label goes that started it', async () => {
    const kit = await nofx.repository({ model: slow });
    const issue = await kit.label('nofx');
    await underWay(kit);
    await nofx.github.unlabel({ repo: kit.name, issue, name: 'NOFX', by: 'mona' });
    await nofx.github.settled();
    expect((await kit.run()).cancelRequestedAt).toBeNull();
    await nofx.github.close({ repo: kit.name, issue, by: 'rita' });
    await nofx.github.settled();
    await nofx.github.reopen({ repo: kit.name, issue, by: 'mona' });
    expect((await kit.run()).cancelRequestedAt).toBeNull();
    await nofx.github.close({ repo: kit.name, issue, by: 'mona' });
    await kit.drain();
    expect((await kit.run()).status).toBe('cancelled');
  });

  it.each(['mona', 'merge-queue[bot]'])('remembers that its pull request was merged by %s', async (by) => {
    const kit = await nofx.repository();
    await kit.ask();
    expect((await kit.run()).mergedAt).toBeNull();
    await kit.merge(by);
    await until(async () => (await kit.run()).mergedAt !== null);
  });

  it('does not start when the label is taken off before', async () => {
    const kit = await nofx.repository({ model: slow });
    const { issue } = await kit.comment('/nofx add the notes');
    await underWay(kit);
    await kit.label('nofx', { issue });
    await until(async () => (await kit.runs()).length === 2);
    await nofx.github.unlabel({ repo: kit.name, issue, name: 'nofx', by: 'mona' });
    await until(async () => (await kit.runs())[1]!.status === 'cancelled');
    expect((await kit.runs())[0]!.status).toBe('running');
    await kit.ask('/nofx cancel', { issue });
  });

  it('goes by the label as it is, in whatever order its events come', async () => {
    const kit = await nofx.repository({
      model: ({ prompt }) => (prompt.includes('slowly') ? endless : turn.text('It is all there.')),
    });
    /** GitHub has sent it long ago; it comes only now. */
    const late = async (action: string) => {
      const { url, request } = nofx.github
        .deliveries()
        .find((sent) => sent.repositoryId === kit.id && sent.action === action)!;
      const headers = new Headers(request.headers);
      const guid = randomUUID();
      headers.set('x-github-delivery', guid);
      expect((await fetch(url, { method: 'POST', headers, body: request.raw })).status).toBe(202);
      const outcome = async () => (await findDelivery(nofx.nofx.database.db, guid))?.outcome ?? null;
      await until(async () => (await outcome()) !== null);
      return outcome();
    };
    const label = { repo: kit.name, name: 'nofx', by: 'mona' };
    const done = await kit.label('nofx');
    await nofx.github.unlabel({ ...label, issue: done });
    await kit.drain();
    const opened = (await kit.runs()).length;
    expect(await late('labeled')).toBe('ignored: the label has changed since');
    expect(await kit.runs()).toHaveLength(opened);

    const { issue } = await kit.comment('/nofx add the notes slowly');
    await underWay(kit);
    await nofx.github.label({ ...label, issue });
    await nofx.github.unlabel({ ...label, issue });
    await nofx.github.label({ ...label, issue });
    await nofx.github.settled();
    const last = async () => (await kit.runs()).at(-1)!;
    await until(async () => (await last()).source.commentId === null && (await last()).status === 'queued');
    expect(await late('unlabeled')).toBe('ignored: the label has changed since');
    expect(await last()).toMatchObject({ status: 'queued', cancelRequestedAt: null });
    await nofx.github.close({ repo: kit.name, issue, by: 'mona' });
    await kit.drain();
  });

  it('asks again where GitHub does not show the label yet that it has told of', async () => {
    const kit = await nofx.repository({ model: () => turn.text('It is all there.') });
    const issue = await kit.openIssue();
    nofx.github.failNext({
      method: 'GET',
      path: new RegExp(`^/repos/${kit.name}/issues/${issue}$`),
      status: 200,
      body: { number: issue, labels: [], updated_at: '2026-01-01T00:00:00Z' },
    });
    await kit.label('nofx', { issue });
    await kit.drain();
    expect((await kit.run()).status).toBe('neutral');
  });

  it('status tells how things stand, and what was spent', async () => {
    const kit = await nofx.repository({
      model: slow,
      config: 'budgets: { per_day_usd: 7 }\n',
      collaborators: { mona: 'write', tom: 'triage' },
    });
    const nothing = await kit.ask('/nofx status', { by: 'tom' });
    expect(kit.answer(nothing.issue)).toContain('NOFX has done nothing here yet.');
    const { issue } = await kit.comment('/nofx add the notes');
    await underWay(kit);
    await kit.comment('/nofx add more notes', { issue });
    await until(async () => (await kit.runs()).length === 2);
    await kit.comment('/nofx status', { issue });
    await until(() => kit.answers(issue).at(-1)?.includes('Today in this repository') ?? false);
    const answer = kit.answers(issue).at(-1)!;
    expect(answer).toContain("NOFX is working on @mona's task");
    expect(answer).toContain('now: Write the code');
    expect(answer).toContain('1 before it in line');
    expect(answer).toMatch(/2 tasks, \$\d\.\d\d of \$7\.00 spent/);
    await nofx.github.close({ repo: kit.name, issue, by: 'mona' });
    await kit.drain();
  });

  it('retry does the last task again, by comment, button and Re-run', async () => {
    const kit = await nofx.repository({ model: writesNotes, config: FAILING });
    const { issue } = await kit.ask('/nofx add the notes -- --draft');
    const check = () =>
      kit
        .checkRuns()
        .filter(({ name }) => name === 'NOFX')
        .at(-1)!;
    expect(check().actions).toEqual([{ label: 'Retry', description: 'Do this task again', identifier: 'retry' }]);
    await kit.ask('/nofx retry', { issue });
    await nofx.github.requestAction({ checkRun: check().id, identifier: 'retry', by: 'mona' });
    await kit.drain();
    await kit.push({ '.github/nofx.yml': 'gates:\n  test: "true"\n' });
    await nofx.github.rerequest({ checkRun: check().id, by: 'rita' });
    await nofx.github.rerequest({ checkRun: check().id, by: 'mona' });
    await kit.drain();
    const runs = await kit.runs();
    expect(runs.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'succeeded']);
    expect(new Set(runs.map(({ source }) => source.prompt))).toEqual(new Set(['add the notes']));
    expect(kit.pullRequest().draft).toBe(true);
    const [, second] = await Promise.all(runs.map(kit.detailsOf));
    expect(second!.events[0]!.payload['repeats']).toBe(runs[0]!.id);
    await kit.ask('/nofx retry', { issue });
    expect(kit.answers(issue).at(-1)).toContain('has succeeded, so there is nothing to try again');
  });

  it('retry from a step takes over the code that was written before it', async () => {
    const kit = await nofx.repository({
      model: writesNotes,
      config: 'max_repairs: 0\ngates:\n  test: test -e /tmp/never\n  lint: "true"\n',
    });
    const { issue } = await kit.ask();
    const before = nofx.model!.requests().length;
    await kit.ask('/nofx retry codegn', { issue });
    expect(kit.answers(issue).at(-1)).toContain('has no step `codegn`; it has `codegen`, `write`');
    await kit.ask('/nofx retry test', { issue });
    const [first, second] = await Promise.all((await kit.runs()).map(kit.detailsOf));
    expect(second!.steps.map(({ tool, status }) => `${tool}: ${status}`)).toEqual([
      'reuse: succeeded',
      'workspace:write: succeeded',
      'gate:test: failed',
      'gate:lint: skipped',
      'git_pr: skipped',
    ]);
    expect(second!.baseSha).toBe(first!.baseSha);
    expect(second!.cost).toBeNull();
    expect(
      nofx
        .model!.requests()
        .slice(before)
        .filter((request) => JSON.stringify(request).includes(kit.name)),
    ).toEqual([]);
  });

  it('retry takes over nothing that was removed in that very moment, and the next one writes it anew', async () => {
    const kit = await nofx.repository({ model: writesNotes, config: 'max_repairs: 0\n' + FAILING });
    const { issue } = await kit.ask();
    const { db, adapters } = nofx.nofx.deps;
    // As far as retention has got when the retry looks: bytes go before their rows.
    for (const ref of await listArtifacts(db, (await kit.run()).id)) await adapters.artifacts.remove(ref);
    await kit.ask('/nofx retry test', { issue });
    expect(kit.answers(issue).at(-1)).toContain('then the code is written anew');
    await kit.ask('/nofx retry', { issue });
    const [, second, third] = await Promise.all((await kit.runs()).map(kit.detailsOf));
    expect(second!.steps[0]).toMatchObject({ tool: 'reuse', status: 'failed', attempt: 1 });
    expect(third!.steps[0]).toMatchObject({ tool: 'codegen', status: 'succeeded' });
  });

  it('retry says what is in the way', async () => {
    const kit = await nofx.repository({ model: slow });
    const none = await kit.ask('/nofx retry');
    expect(kit.answer(none.issue)).toContain('There is no run here to try again');
    const { issue } = await kit.comment('/nofx add the notes');
    await underWay(kit);
    await kit.comment('/nofx retry', { issue });
    await until(() => kit.answers(issue).at(-1)?.includes('is still under way here') ?? false);
    await kit.ask('/nofx cancel', { issue });
  });

  it('config shows what holds, and every mistake', async () => {
    const kit = await nofx.repository({ config: 'label: do it\nlabels: [from nofx]\n' });
    const { issue } = await kit.ask('/nofx config');
    expect(kit.answer(issue)).toContain('From `.github/nofx.yml`; the rest are defaults.');
    expect(kit.answer(issue)).toContain('label: do it\n');
    expect(kit.answer(issue)).toContain('max_repairs: 2\n');
    await kit.push({ '.github/nofx.yml': 'labels: 5\ndraft: perhaps\n' });
    const { issue: faulty } = await kit.ask('/nofx config');
    expect(kit.answer(faulty)).toContain('line 1: labels');
    expect(kit.answer(faulty)).toContain('line 2: draft');
    const { issue: help } = await kit.ask('/nofx help');
    expect(kit.answer(help)).toContain('The label `nofx`');
  });

  it('takes its options from the end of the line', async () => {
    const kit = await nofx.repository({ model: writesNotes });
    await nofx.github.push({ repo: kit.name, branch: 'next', files: { 'next.md': 'Next.\n' }, by: 'mona' });
    await kit.ask('/nofx add the notes --base next --budget 0.5 --mode advanced');
    const run = await kit.run();
    expect(run).toMatchObject({ baseRef: 'next', maxCostUsd: 0.5, gitMode: 'advanced', status: 'succeeded' });
    expect(kit.pullRequest().base.ref).toBe('next');
    const { issue } = await kit.ask('/nofx add the notes --base never');
    expect(kit.answer(issue)).toContain('There is no branch `never` to start from');
    expect(kit.answer(issue)).toContain('Correct what follows `--base`');
  });

  it('opens no pull request where none is wanted', async () => {
    const kit = await nofx.repository({ model: writesNotes });
    const { issue } = await kit.ask('/nofx add the notes --no-pr');
    const run = await kit.run();
    expect(run.status).toBe('succeeded');
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.git('show', `${run.branch}:notes.md`)).toBe('Noted.\n');
    expect(kit.answer(issue)).toContain(`\`${run.branch}\``);
  });
});
