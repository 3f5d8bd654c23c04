import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { code, gate, git, list, openForPlans, PASSWORD, post, pullRequest } from '../support/git-plans.ts';
import { PASSING, startHarness, until, type Harness } from '../support/harness.ts';
import { visitor } from '../pages/support.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';

describe.concurrent(`git operations of plans, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness({ environment: { ADMIN_PASSWORD: PASSWORD } })));
  afterAll(() => nofx.stop());

  const open = (options?: Parameters<typeof openForPlans>[1]) => openForPlans(nofx, options);

  it('bring in the newest base, commit in words of their own, push and tag, and hand in', async () => {
    const kit = await open({ mode: 'advanced', meanwhile: (own) => own.push({ 'theirs.md': 'Theirs.\n' }) });
    const run = await kit.plan(
      code('code', 'WRITE notes.md'),
      git('sync'),
      git('commit', { message: 'feat: add notes\n\nBecause of [skip ci].' }),
      gate,
      git('push'),
      git('tag', { tag_name: 'nofx/v1' }),
      pullRequest(),
    );
    expect(run.failure).toBeNull();
    const { head } = kit.pullRequest();
    expect(kit.show(head.sha, '%P')).toBe((await kit.branches())['main']);
    expect(kit.show(head.sha, '%s|%b')).toMatch(
      /^feat: add notes\|Because of \(skip ci\)\.\n\nCo-authored-by: .*\nNOFX-Run: run_/,
    );
    expect(kit.changed('main', head.sha)).toEqual(['notes.md']);
    expect(kit.show('refs/tags/nofx/v1', '%H')).toBe(head.sha);
    expect(run.steps.map(({ status }) => status)).toEqual(Array(7).fill('succeeded'));
  });

  it('merge a branch that has gone another way, with both as parents, on whichever machine', async () => {
    const kit = await open({ mode: 'basic' });
    await nofx.github.push({
      repo: kit.name,
      branch: 'feature',
      files: { 'list.md': list({ 9: 'nine' }) },
      by: 'mona',
    });
    await kit.push({ 'theirs.md': 'Theirs.\n' });
    const { main, feature } = await kit.branches();
    const run = await kit.plan(
      code('code', 'WRITE list.md 1'),
      git('merge', { source_branch: 'feature' }),
      git('commit'),
      { name: 'go', tool: 'manual:go' },
      gate,
      pullRequest(),
    );
    expect(run.failure).toBeNull();
    for (const folder of ['mirrors', 'workspaces']) {
      const all = readdirSync(join(nofx.dataDir, 'workspaces', folder)).filter((name) =>
        name.startsWith(kit.projectId),
      );
      expect(all).toHaveLength(1);
      for (const name of all) rmSync(join(nofx.dataDir, 'workspaces', folder, name), { recursive: true });
    }
    expect((await post(nofx, `/runs/${run.id}/approve`, {})).status).toBe(200);
    expect((await kit.end(run.id)).failure).toBeNull();
    const { head } = kit.pullRequest();
    expect(kit.show(head.sha, '%P')).toBe(`${main} ${feature}`);
    expect(kit.git('show', `${head.sha}:list.md`)).toBe(list({ 1: '1 of ours', 9: 'nine' }));
    expect(kit.pullRequest().body).toContain('Merges feature.');
  });

  it('go on on branches of their own, made at the base or at the commit', async () => {
    const kit = await open({ mode: 'basic' });
    const run = await kit.plan(
      git('branch', { branch_name: 'nofx/at-base' }),
      code('code', 'WRITE notes.md'),
      { name: 'write', tool: 'workspace:write', inputs: { fromStep: 'code' } },
      git('branch', { branch_name: 'nofx/at-commit' }, 'again'),
      git('switch', { branch_name: 'nofx/other' }),
      git('push', { branch_name: 'nofx/at-base' }),
      pullRequest('switch'),
    );
    expect(run.failure).toBeNull();
    const { head } = kit.pullRequest();
    expect(head.ref).toBe('nofx/other');
    const heads = await kit.branches();
    expect([heads['nofx/at-base'], heads['nofx/at-commit'], heads['nofx/other']]).toEqual(Array(3).fill(head.sha));
    expect(kit.checks(head.sha)).toEqual(['NOFX: completed/success']);
  });

  it('go on from whatever hands on what they take, however odd, and so do the other steps', async () => {
    const kit = await open();
    const write = (name: string, fromStep: string) => ({ name, tool: 'workspace:write', inputs: { fromStep } });
    const run = await kit.plan(
      git('branch', { branch_name: 'nofx/a' }),
      code('one', 'WRITE one.md'),
      write('write', 'one'),
      write('again', 'write'),
      git('switch', { branch_name: 'nofx/b' }),
      { name: 'test', tool: 'gate:test', inputs: { fromStep: 'switch' } },
      code('two', 'WRITE two.md'),
      git('reset', { mode: 'soft', fromStep: 'two' }),
      write('both', 'reset'),
      git('push', { fromStep: 'both' }),
      git('tag', { tag_name: 'nofx/odd', fromStep: 'both' }),
      pullRequest('both'),
    );
    expect(run.failure).toBeNull();
    const { head } = kit.pullRequest();
    expect(kit.changed('main', head.sha)).toEqual(['one.md', 'two.md']);
    expect(head.ref).toBe('nofx/b');
  });

  it('rebase, pick and revert', async () => {
    const kit = await open();
    const { sha: removed } = await nofx.github.push({
      repo: kit.name,
      branch: 'release',
      files: { 'old.md': null },
      by: 'mona',
    });
    const { sha: picked } = await nofx.github.push({
      repo: kit.name,
      branch: 'fix',
      files: { 'fix.md': 'Fixed.\n' },
      by: 'mona',
    });
    const run = await kit.plan(
      code('code', 'WRITE list.md 5'),
      git('rebase', { onto_branch: 'release' }),
      code('more', 'WRITE more.md'),
      git('cherry-pick', { commit_sha: picked.slice(0, 7), source_branch: 'fix' }, 'pick'),
      git('revert', { commit_sha: removed }),
      git('commit'),
      gate,
      pullRequest(),
    );
    expect(run.failure).toBeNull();
    const { head, body } = kit.pullRequest();
    expect(kit.show(head.sha, '%P')).toBe(removed);
    expect(kit.changed(removed, head.sha)).toEqual(['fix.md', 'list.md', 'more.md', 'old.md']);
    expect(kit.git('show', `${head.sha}:old.md`)).toBe('Old.\n');
    expect(body).toContain(`Takes over ${picked.slice(0, 7)}`);
    expect(body).toContain(`Takes back ${removed.slice(0, 7)}`);
  });

  it('set changes aside, go back, and bring them back again', async () => {
    const kit = await open();
    const run = await kit.plan(
      code('one', 'WRITE one.md'),
      git('stash', { message: 'for later' }),
      code('two', 'WRITE two.md'),
      git('commit', {}, 'first'),
      git('reset', { mode: 'hard', commit: 'base' }),
      git('stash', { mode: 'pop' }, 'pop'),
      git('commit'),
      pullRequest(),
    );
    expect(run.failure).toBeNull();
    expect(kit.changed('main', kit.pullRequest().head.sha)).toEqual(['one.md']);
  });

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

  it('have the repository sign what they commit, and tag that', async () => {
    const kit = await open({
      config: `commits: verified\n${PASSING}`,
      meanwhile: (own) => own.push({ 'theirs.md': 'Theirs.\n' }),
    });
    const steps = [
      code('code', 'WRITE notes.md'),
      git('sync'),
      git('commit'),
      git('tag', { tag_name: 'nofx/signed' }),
      pullRequest(),
    ];
    expect((await kit.plan(...steps)).failure).toBeNull();
    const { head } = kit.pullRequest();
    expect(kit.show(head.sha, '%cn %P')).toBe(`GitHub ${(await kit.branches())['main']}`);
    expect(kit.show('refs/tags/nofx/signed', '%H')).toBe(head.sha);
  });

  it('are mended and pushed over, where a gate finds something in what was pushed', async () => {
    const kit = await open({ config: 'gates:\n  test: grep Mended notes.md\n' });
    const commit = git('commit', { message: 'docs: add notes' });
    const run = await kit.plan(code('code', 'WRITE notes.md'), git('sync'), commit, git('push'), gate, pullRequest());
    expect(run.failure).toBeNull();
    expect(run.steps.map(({ name }) => name)).toEqual([
      'code',
      'sync',
      'commit',
      'push',
      'test',
      'repair-1',
      'commit-1',
      'test-1',
      'pr',
    ]);
    const { head } = kit.pullRequest();
    expect(kit.git('log', '--format=%s', `main..${head.sha}`).trim()).toBe('docs: add notes');
    expect(kit.git('show', `${head.sha}:notes.md`)).toBe('Mended.\n');
  });

  it('do what they did once, also where they are tried again', async () => {
    const kit = await open({
      async meanwhile(own) {
        // The marker is made the same way.
        await until(async () => (await own.ownBranches()).length === 1);
        const path = new RegExp(`^/repos/${own.name}/git/refs$`);
        nofx.github.failNext({ method: 'POST', path, status: 502, afterEffect: true });
        const look = new RegExp(`^/repos/${own.name}/git/ref/tags`);
        nofx.github.failNext({ method: 'GET', path: look, status: 403, headers: { 'retry-after': '1' } });
      },
    });
    const run = await kit.plan(code('code', 'WRITE notes.md'), git('commit'), git('tag', { tag_name: 'nofx/once' }));
    expect(run.failure).toBeNull();
    expect(run.steps.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
    const pushes = nofx.github.deliveries().filter(({ event, request, repositoryId }) => {
      return event === 'push' && repositoryId === kit.id && request.payload['after'] === run.steps[1]!.outputs!['sha'];
    });
    expect(pushes).toHaveLength(1);
    expect(kit.show('refs/tags/nofx/once', '%H')).toBe(run.steps[1]!.outputs!['sha']);
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

  it('say nothing of git to business users', async () => {
    const kit = await open({ mode: 'hidden', meanwhile: (own) => own.push({ 'theirs.md': 'Theirs.\n' }) });
    await kit.plan(
      code('code', 'WRITE notes.md'),
      git('sync'),
      git('commit', { message: 'Notes\n\nThe branch.' }),
      pullRequest(),
    );
    const { head, body } = kit.pullRequest();
    expect(kit.show(head.sha, '%s|%b')).toMatch(/^Notes\|Co-authored-by: .*\nNOFX-Run: \w+$/);
    const { output } = kit.checkRuns(head.sha)[0]!;
    expect(output.text).toContain('Take over what others have changed meanwhile');
    expect(`${output.summary}${output.text}${body}`).not.toMatch(/branch|commit|merge|rebase|git_/i);
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
