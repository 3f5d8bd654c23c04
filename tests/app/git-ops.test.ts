import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { code, gate, git, list, openForPlans, PASSWORD, post, pullRequest } from '../support/git-plans.ts';
import { PASSING, startHarness, until, type Harness } from '../support/harness.ts';

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
});
