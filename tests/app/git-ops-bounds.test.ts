import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { code, git, list, openForPlans, PASSWORD, post, pullRequest } from '../support/git-plans.ts';
import { startHarness, type Harness } from '../support/harness.ts';
import { visitor } from '../pages/support.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';

describe.concurrent(`git operations of plans within their bounds, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness({ environment: { ADMIN_PASSWORD: PASSWORD } })));
  afterAll(() => nofx.stop());

  const open = (options?: Parameters<typeof openForPlans>[1]) => openForPlans(nofx, options);

  it('are planned by the model, where they are asked for, and done after a yes', async () => {
    const kit = await open();
    const { sha } = await nofx.github.push({
      repo: kit.name,
      branch: 'fix',
      files: { 'fix.md': 'Fixed.\n' },
      by: 'mona',
    });
    const next = (
      await nofx.github.push({ repo: kit.name, branch: 'next', files: { 'next.md': 'Next.\n' }, by: 'mona' })
    ).sha;
    const [step] = MODEL_PLAN.steps;
    kit.planned.push({
      ...MODEL_PLAN,
      steps: [
        { ...step!, name: 'pick', tool: 'git_ops', git: { operation: 'cherry-pick', branch: 'fix', commit: sha } },
        { ...step!, name: 'move', tool: 'git_ops', git: { operation: 'rebase', branch: 'next', commit: null } },
        { ...step!, name: 'notes', prompt: 'WRITE notes.md' },
      ],
    });
    const { issue } = await kit.ask('/nofx plan bring the fix over');
    const short = sha.slice(0, 7);
    expect(kit.answer(issue)).toContain(`Cherry-pick \`${short}\` from \`fix\` @ \`${short}\`: \`pick\` (\`git_ops\`)`);
    expect(kit.answer(issue)).toContain(`Rebase onto \`next\` @ \`${next.slice(0, 7)}\``);
    // What comes to a branch after that is not what was said yes to.
    for (const branch of ['fix', 'next'])
      await nofx.github.push({ repo: kit.name, branch, files: { 'later.md': 'Later.\n' }, by: 'mona' });
    const refusal = { status: 403, body: { message: 'Resource not accessible by integration' } };
    nofx.github.failNext({ method: 'POST', path: new RegExp(`^/repos/${kit.name}/pulls$`), ...refusal });
    await kit.ask('/nofx approve', { issue });
    expect(kit.pullRequests()).toEqual([]);
    // What another run takes over stands where it did.
    await kit.ask('/nofx retry', { issue });
    const { head } = kit.pullRequest();
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
    expect(kit.show(head.sha, '%P')).toBe(next);
    expect(kit.changed(next, head.sha)).toEqual(['fix.md', 'notes.md']);
  });

  it('are not done where what was approved is gone, and not planned for a branch that is not there', async () => {
    const kit = await open();
    await nofx.github.push({ repo: kit.name, branch: 'feature', files: { 'a.md': 'a\n' }, by: 'mona' });
    const { feature = '', main = '' } = await kit.branches();
    const [step] = MODEL_PLAN.steps;
    const merge = (branch: string) => ({
      ...MODEL_PLAN,
      steps: [{ ...step!, name: 'in', tool: 'git_ops', git: { operation: 'merge' as const, branch, commit: null } }],
    });
    kit.planned.push(merge('feature'));
    const { issue } = await kit.ask('/nofx plan merge it');
    expect(kit.answer(issue)).toContain(`Merge \`feature\` @ \`${feature.slice(0, 7)}\``);
    const browser = visitor(nofx.nofx.url);
    await browser.signIn(PASSWORD);
    const { text } = await browser.open(`/ui/runs/${(await kit.run()).id}`);
    expect(text).toMatch(
      new RegExp(`What it does with git</h3>\\s*<ul>\\s*<li>Merge feature @ ${feature.slice(0, 7)}</li>`),
    );
    kit.git('update-ref', '-d', 'refs/heads/feature');
    // What nothing leads to any more goes, also out of packs.
    kit.git('repack', '-a', '-d', '--quiet');
    kit.git('prune', '--expire=now');
    await kit.ask('/nofx approve', { issue });
    const [run] = await kit.runs();
    expect(run!.failure).toMatchObject({
      kind: 'conflict',
      message: `When this was planned, \`feature\` stood at \`${feature.slice(0, 7)}\`, and that commit is gone.`,
      next: expect.stringContaining('/nofx plan') as string,
    });

    kit.planned[0] = merge('nowhere');
    await kit.ask('/nofx plan merge it', { issue });
    expect(kit.answers(issue).at(-1)).toContain('there is no branch "nowhere" in the repository');
    const steps = [git('merge', { source_branch: 'feature', _at: main })];
    expect(await post(nofx, '/runs', { plan: { goal: 'g', steps }, projectId: kit.projectId })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'plan.steps.0.inputs._at' }] },
    });
    await kit.ask('/nofx cancel', { issue });
  });

  it('name the files that do not go together, and push nothing', async () => {
    const kit = await open({ mode: 'hidden', meanwhile: (own) => own.push({ 'list.md': list({ 1: 'first' }) }) });
    const run = await kit.plan(code('code', 'WRITE list.md 1'), git('sync'), git('commit'), pullRequest());
    expect(run.failure).toEqual({
      kind: 'conflict',
      message: 'Somebody else has changed the same lines meanwhile, in `list.md`.',
      next: 'Start it again: it then begins from the newest version.',
    });
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.git('log', '--all', '--format=%s')).not.toContain('Do as planned');
  });

  it('leave alone what is of others', async () => {
    const kit = await open();
    const { sha } = await nofx.github.push({
      repo: kit.name,
      branch: 'nofx/theirs',
      files: { 'a.md': 'a\n' },
      by: 'mona',
    });
    kit.git('tag', 'nofx/theirs', sha);
    const work = [code('code', 'WRITE notes.md'), git('commit')];
    const [made, switched, pushed, tagged, picked] = await Promise.all([
      kit.plan(git('branch', { branch_name: 'nofx/theirs' })),
      kit.plan(...work, git('switch', { branch_name: 'nofx/theirs' })),
      kit.plan(...work, git('push', { branch_name: 'nofx/theirs' })),
      kit.plan(...work, git('tag', { tag_name: 'nofx/theirs' })),
      kit.plan(git('cherry-pick', { commit_sha: sha })),
    ]);
    for (const { failure } of [made, switched]) expect(failure?.message).toContain('`nofx/theirs` is there already');
    expect(pushed.failure?.message).toContain('Somebody else pushed to nofx/theirs');
    expect(tagged.failure?.message).toContain('The tag `nofx/theirs` is there already');
    for (const { failure } of [made, switched, pushed, tagged]) expect(failure?.kind).toBe('conflict');
    expect(picked.failure?.message).toBe(`There is no commit \`${sha}\` on \`main\`.`);
    expect((await kit.branches())['nofx/theirs']).toBe(sha);
    expect(kit.show('refs/tags/nofx/theirs', '%H')).toBe(sha);
  });

  it('are refused beyond the mode of the repository, all at once, and again when they would be done', async () => {
    const kit = await open({ mode: 'hidden' });
    const steps = [git('branch', { branch_name: 'nofx/x' }), code('code', 'x'), git('rebase'), git('commit')];
    for (const path of ['/runs', '/runs/preview']) {
      const refused = await post(nofx, path, { plan: { goal: 'g', steps }, projectId: kit.projectId });
      expect(refused.status).toBe(422);
      expect(refused.body['detail']).toBe(
        'The plan goes beyond what its repository allows: step "branch": branch takes the git mode basic or above, and here it is hidden; step "rebase": rebase takes the git mode advanced or above, and here it is hidden.',
      );
    }
    const faulty = [git('push', { branch_name: 'main' }), git('merge', { source_branch: '-x', options: ['--ff'] })];
    const wrong = await post(nofx, '/runs', { plan: { goal: 'g', steps: faulty }, projectId: kit.projectId });
    expect(wrong).toMatchObject({ status: 422, body: { next: expect.stringContaining('Correct') as string } });
    expect(wrong.body['errors']).toMatchObject([
      { field: 'plan.steps.0.inputs.branch_name' },
      { field: 'plan.steps.1.inputs.source_branch' },
      { field: 'plan.steps.1.inputs' },
    ]);
    expect(await kit.runs()).toEqual([]);

    // As if the mode had been changed since the plan was taken.
    const { issue } = await kit.start({ goal: 'Rebase', steps: [git('rebase')] });
    expect(kit.answer(issue)).toContain('`rebase` takes the git mode advanced, and this repository');
  });
});
