import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../src/conversation/approve.ts';
import { step as stepTable } from '../../src/db/schema.ts';
import { reapRuns } from '../../src/upkeep/reap-runs.ts';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness } from '../support/harness.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';
import { cancel, check, plannedIn, people, plans, status } from './waiting-plans.ts';

const never = new AbortController().signal;

describe.concurrent(`plans and the yes that they wait for, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const planned = plannedIn(() => nofx);

  it('is approved and discarded by the buttons of its check', async () => {
    const { kit, issue, hash } = await planned();
    expect(check(kit).actions.map(({ label, identifier }) => [label, identifier])).toEqual([
      ['Approve plan', `approve:${hash}`],
      ['Discard', 'discard'],
    ]);
    await nofx.github.requestAction({ checkRun: check(kit).id, identifier: `approve:${hash}`, by: 'rita' });
    await kit.drain();
    expect(await status(kit)).toBe('waiting');
    expect(kit.answers(issue).at(-1)).toContain(
      'Only somebody with write access may approve this; your role here is read.',
    );
    await nofx.github.requestAction({ checkRun: check(kit).id, identifier: `approve:${hash}`, by: 'mona' });
    await kit.drain();
    expect(await status(kit)).toBe('succeeded');

    const other = await planned();
    await nofx.github.requestAction({ checkRun: check(other.kit).id, identifier: 'discard', by: 'mona' });
    await other.kit.drain();
    expect(await status(other.kit)).toBe('cancelled');
    expect(check(other.kit)).toMatchObject({ conclusion: 'cancelled' });
  });

  it('is void once the base has moved, and says what to do', async () => {
    const { kit, issue, hash } = await planned();
    await kit.push({ 'other.md': 'Other.\n' });
    const { comment } = await kit.ask(`/nofx approve ${hash}`, { issue });
    expect(kit.answer(issue)).toContain('`main` has moved on since the plan was made, so it was not carried out.');
    expect(kit.answer(issue)).toContain('comment `/nofx retry`');
    expect(kit.reactions({ comment })).toEqual(['confused']);
    expect(await kit.run()).toMatchObject({ status: 'cancelled', failure: { kind: 'conflict' } });
    await kit.ask('/nofx retry', { issue });
    const [, retried] = await kit.runs();
    expect(retried!.status).toBe('waiting');
    await cancel(kit, issue);
  });

  it('takes no yes to another plan, nor to a letter of its own', async () => {
    const { kit, issue, hash } = await planned();
    const almost = `${hash.slice(0, -1)}${hash.endsWith('0') ? '1' : '0'}`;
    for (const other of ['00000000', hash[0]!, almost]) {
      await kit.ask(`/nofx approve ${other}`, { issue });
      expect(kit.answers(issue).at(-1)).toContain(`There is no plan \`${other}\` that waits here.`);
    }
    expect(await status(kit)).toBe('waiting');
    await kit.ask(`/nofx approve ${hash.toUpperCase()}`, { issue });
    expect(await status(kit)).toBe('succeeded');
  });

  it('takes no yes that was written before it waited, and says so where nothing waits', async () => {
    const kit = await nofx.repository({ model: plans(MODEL_PLAN) });
    const { issue } = await kit.ask('/nofx approve');
    expect(kit.answer(issue)).toContain('Nothing waits for an approval here.');
    for (const _ of [1, 2]) await kit.ask('/nofx approve', { issue, by: 'rita' });
    expect(kit.answers(issue), 'a stranger is answered once').toHaveLength(2);
    await kit.ask('/nofx plan add the notes', { issue });
    await nofx.nofx.database.db
      .update(stepTable)
      .set({ startedAt: sql`now() + interval '1 hour'` })
      .where(sql`${stepTable.runId} = ${(await kit.run()).id} and ${stepTable.name} = 'approve'`);
    await kit.ask('/nofx approve', { issue });
    expect(kit.answers(issue).at(-1)).toContain('It did not wait yet when you wrote that');
    await cancel(kit, issue);
  });

  it('is not for whoever asked for it, where the repository says so', async () => {
    const { kit, issue, hash } = await planned({ config: `${PASSING}require_other_approver: true\n` });
    expect(kit.answer(issue)).toContain('Whoever asked for it (`mona`) may not.');
    await kit.ask(`/nofx approve ${hash}`, { issue });
    await kit.ask('/nofx approve', { issue });
    expect(kit.answers(issue).at(-1)).toContain('You asked for this yourself');
    expect(kit.answers(issue), 'told once').toHaveLength(2);
    await kit.ask('/nofx approve', { issue, by: 'maya' });
    expect(await status(kit)).toBe('succeeded');
  });

  it('is for a team and named people alone, where the repository names them', async () => {
    nofx.github.addTeam('acme/leads', { members: ['tess'] });
    const { kit, issue } = await planned({
      config: `${PASSING}approvers: [acme/leads, pia]\n`,
      collaborators: { ...people, tess: 'triage' },
    });
    expect(kit.answer(issue)).toContain('approved by a member of `acme/leads` or `pia`.');
    await kit.ask('/nofx approve', { issue, by: 'rita' });
    await kit.ask('/nofx approve 0000000', { issue, by: 'rita' });
    expect(kit.answers(issue), 'a stranger is answered once').toHaveLength(2);
    await kit.ask('/nofx approve', { issue, by: 'maya' });
    expect(kit.answers(issue).at(-1)).toContain('Only a member of `acme/leads` or `pia` may approve this.');
    await kit.ask('/nofx approve', { issue, by: 'tess' });
    expect(await status(kit)).toBe('succeeded');
  });

  it('is for maintainers, where the repository says so', async () => {
    const { kit, issue } = await planned({ config: `${PASSING}approvers: maintain\n` });
    expect(kit.answer(issue)).toContain('This plan will not be executed until it is approved by a maintainer.');
    await kit.ask('/nofx approve', { issue });
    expect(kit.answers(issue).at(-1)).toContain('Only a maintainer may approve this; your role here is write.');
    await kit.ask('/nofx approve', { issue, by: 'maya' });
    expect(await status(kit)).toBe('succeeded');
  });

  it('ends when nobody answers in time', async () => {
    const { kit, issue } = await planned({ config: `${PASSING}approval_timeout_days: 2\n` });
    const asked = (await kit.run()).steps.find(({ status: now }) => now === 'waiting')!;
    expect((asked.waitUntil!.getTime() - asked.startedAt!.getTime()) / 86_400_000).toBeCloseTo(2);
    const { db } = nofx.nofx.database;
    await db
      .update(stepTable)
      .set({ waitUntil: sql`now() - interval '1 second'` })
      .where(sql`${stepTable.id} = ${asked.id}`);
    await reapRuns(nofx.nofx.deps, never);
    await kit.drain();
    expect(kit.answer(issue)).toContain('Nobody approved it in time');
    expect(check(kit)).toMatchObject({ conclusion: 'cancelled' });
  });

  it('takes a yes once, however often it is worked on', async () => {
    const { kit, issue, hash } = await planned();
    const { comment } = await kit.ask(`/nofx approve ${hash}`, { issue });
    const again = await approve(
      nofx.nofx.deps,
      {
        deliveryId: 'again',
        triggerKey: `comment:${comment}`,
        repository: {
          installationId: kit.installationId!,
          repositoryId: kit.id,
          owner: 'acme',
          name: kit.name.slice(5),
        },
        projectId: `gh_${kit.id}`,
        sender: { login: 'mona', id: 1 },
        issue: { number: issue, title: '', body: '', isPullRequest: false },
        commentId: comment,
        writtenAt: null,
        target: null,
      },
      { of: hash, role: 'write', run: null },
    );
    expect(again).toEqual({ outcome: `approved ${(await kit.run()).id}`, reaction: 'eyes' });
    expect(kit.answers(issue)).toHaveLength(1);
  });
});
