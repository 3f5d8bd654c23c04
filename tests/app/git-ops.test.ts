import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanStep } from '../../src/domain/plan.ts';
import { turn, type Script } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness, type Repository } from '../support/harness.ts';

const PASSWORD = 'a password of the tests';
const admin = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

const LINES = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
const list = (change: Record<string, string> = {}) => LINES.map((line) => `${change[line] ?? line}\n`).join('');
const FILES = { 'list.md': list(), 'old.md': 'Old.\n' };

/** A step of a plan: code that the model writes, or a git operation. */
const code = (name: string, text: string): PlanStep => ({ name, tool: 'codegen', inputs: { prompt: text } });
const git = (operation: string, inputs: Record<string, unknown> = {}, name = operation): PlanStep => ({
  name,
  tool: 'git_ops',
  inputs: { operation, ...inputs },
});
const pullRequest = (fromStep = 'commit'): PlanStep => ({ name: 'pr', tool: 'git_pr', inputs: { fromStep } });
const gate: PlanStep = { name: 'test', tool: 'gate:test', inputs: { fromStep: 'commit' } };

describe.concurrent(`git operations of plans, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness({ environment: { ADMIN_PASSWORD: PASSWORD } })));
  afterAll(() => nofx.stop());

  const post = async (path: string, body: unknown) => {
    const answer = await fetch(nofx.nofx.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...admin },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  /** A repository that NOFX knows. `meanwhile` happens while the model is at work. */
  const open = async ({ mode = 'advanced', config = PASSING, meanwhile = async (_kit: Repository) => {} } = {}) => {
    const model: Script = async ({ turn: step, prompt }) => {
      const [, path, line] = /WRITE (\S+)(?: (\d))?/.exec(prompt) ?? [];
      if (path === undefined || step > 0) return turn.text(path === undefined ? 'It is all there.' : `Writes ${path}.`);
      await meanwhile(kit);
      const content = line ? list({ [line]: `${line} of ours` }) : 'Noted.\n';
      return turn.tool('write', { file_path: path, content });
    };
    const kit = await nofx.repository({ files: FILES, config: `git_mode: ${mode}\n${config}`, model });
    await kit.ask('/nofx look');
    const projectId = `gh_${kit.id}`;
    return Object.assign(kit, {
      projectId,
      async plan(...steps: PlanStep[]) {
        const { body, status } = await post('/runs', { plan: { goal: 'Do as planned', steps }, projectId });
        expect(status, JSON.stringify(body)).toBe(201);
        await kit.drain();
        const run = (await kit.runs()).find(({ id }) => id === body['id'])!;
        return kit.detailsOf(run);
      },
      show: (rev: string, format: string) => kit.git('log', '-1', `--format=${format}`, rev).trim(),
      changed: (from: string, to: string) => kit.git('diff', '--name-only', from, to).trim().split('\n'),
    });
  };

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

  it('merge a branch that has gone another way, with both as parents', async () => {
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
      gate,
      pullRequest(),
    );
    expect(run.failure).toBeNull();
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
      git('cherry-pick', { commit_sha: picked.slice(0, 7), source_branch: 'fix' }, 'pick'),
      git('revert', { commit_sha: removed }),
      git('commit'),
      gate,
      pullRequest(),
    );
    expect(run.failure).toBeNull();
    const { head, body } = kit.pullRequest();
    expect(kit.show(head.sha, '%P')).toBe(removed);
    expect(kit.changed(removed, head.sha)).toEqual(['fix.md', 'list.md', 'old.md']);
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
});
