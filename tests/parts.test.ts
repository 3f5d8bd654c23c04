import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { budgetUse, writerOfToken } from '../src/db/budget.ts';
import { REBASE_BOX } from '../src/domain/report.ts';
import type { GitHub, RepositoryRef } from '../src/github/port.ts';
import { LeaseLost, underLease } from '../src/queue/lease.ts';
import { startHarness, type Harness, type Repository } from './support/harness.ts';

/** What only asks; the rest changes something in a repository. A new method is one of the two, or this does not compile. */
type Read =
  | 'permission'
  | 'isTeamMember'
  | 'review'
  | 'commentBody'
  | 'branchHead'
  | 'commit'
  | 'compare'
  | 'pullRequest'
  | 'labels'
  | 'listTop'
  | 'readFile'
  | 'repository'
  | 'installations'
  | 'installedRepositories'
  | 'repositoryId'
  | 'gitToken'
  | 'listDeliveries'
  | 'listOpenChecks'
  | 'failedChecks'
  | 'appIdentity'
  // Asked of GitHub for the app itself, by upkeep, which is no job.
  | 'redeliver';

describe('a job whose lease is gone', () => {
  let nofx: Harness;
  let kit: Repository;
  let issue: number;
  let repo: RepositoryRef;
  let github: GitHub;
  beforeAll(async () => {
    nofx = await startHarness();
    kit = await nofx.repository();
    ({ issue } = await kit.ask());
    const [owner, name] = kit.name.split('/') as [string, string];
    repo = { installationId: kit.installationId!, repositoryId: kit.id, owner, name };
    github = nofx.nofx.deps.adapters.github;
  });
  afterAll(() => nofx.stop());

  const by = { name: 'nofx[bot]', email: 'nofx@example.com' };
  const commit = (branch: string) => ({
    branch,
    base: kit.pullRequest().base.sha,
    message: 'm',
    author: by,
    date: new Date(),
  });
  const writes: Record<Exclude<keyof GitHub, Read>, () => Promise<unknown>> = {
    react: () => github.react(repo, { kind: 'issue', number: issue }, 'confused'),
    unreact: () => github.unreact(repo, { kind: 'issue', number: issue }, 'eyes'),
    upsertComment: () => github.upsertComment(repo, issue, { marker: '<!-- nofx:run late -->', body: 'Late.' }),
    upsertCheckRun: () =>
      github.upsertCheckRun(repo, {
        headSha: kit.pullRequest().head.sha,
        name: 'late',
        externalId: 'late',
        status: 'queued',
        output: { title: 't', summary: 's' },
      }),
    createMarker: () => github.createMarker(repo, commit('nofx/late')),
    ensureTag: () => github.ensureTag(repo, { tag: 'late', sha: kit.pullRequest().head.sha }),
    createVerifiedCommit: () =>
      github.createVerifiedCommit(repo, {
        branch: kit.pullRequest().head.ref,
        expected: kit.pullRequest().head.sha,
        message: 'm',
        additions: [{ path: 'late.md', bytes: Buffer.from('Late.\n') }],
        deletions: [],
      }),
    upsertPullRequest: () =>
      github.upsertPullRequest(repo, { head: 'nofx/other', base: 'main', title: 'Late', body: 'Late.' }),
    updateBranch: () => github.updateBranch(repo, kit.pullRequest().number, kit.pullRequest().head.sha),
    untick: () => github.untick(repo, kit.pullRequest().number, REBASE_BOX),
    triage: () => github.triage(repo, { number: issue, labels: ['late'], assignees: [], reviewers: [] }),
    ensureIssue: () => github.ensureIssue(repo, { marker: '<!-- nofx:late -->', title: 'Late', body: 'Late.' }),
    ensureBranch: () => github.ensureBranch(repo, { ...commit('nofx/late'), files: { 'late.md': 'Late.\n' } }),
    cancelCheck: () => github.cancelCheck(repo, kit.checkRuns()[0]!.id, { title: 't', summary: 's' }),
  };

  it.each(Object.entries(writes))('writes nothing to GitHub: %s', async (name, write) => {
    if (name === 'unreact') await github.react(repo, { kind: 'issue', number: issue }, 'eyes');
    if (name === 'untick') {
      const { number, body } = kit.pullRequest();
      // By somebody who may not, so that it starts nothing.
      const ticked = String(body).replace(`- [ ] ${REBASE_BOX}`, `- [x] ${REBASE_BOX}`);
      await nofx.github.editPull({ repo: kit.name, pull: number, body: ticked, by: 'rita' });
      await kit.drain();
    }
    const sent = () =>
      nofx.github.requests().filter(({ method, path }) => method !== 'GET' && !path.endsWith('/access_tokens')).length;
    const before = sent();
    await expect(underLease(async () => false, write)).rejects.toMatchObject({ cause: expect.any(LeaseLost) });
    expect(sent()).toBe(before);
  });

  it('asks again before what is sent again after a 502', async () => {
    await writes.upsertComment();
    const edit = { method: 'PATCH', path: /\/issues\/comments\/\d+$/ };
    const edits = () => nofx.github.requests().filter((one) => one.method === edit.method && edit.path.test(one.path));
    const before = edits().length;
    nofx.github.failNext({ ...edit, status: 502 });
    let asked = 0;
    // As for a worker that froze while it waited to try again.
    const late = underLease(async () => (asked += 1) === 1, writes.upsertComment);
    await expect(late).rejects.toMatchObject({ cause: expect.any(LeaseLost) });
    expect(edits().length - before).toBe(1);
  });

  it('may still read; and one that holds it writes', async () => {
    const read = () => github.permission(repo, 'mona');
    expect(await underLease(async () => false, read)).toBe('write');
    await underLease(async () => true, writes.upsertComment);
    expect(kit.answers(issue).at(-1)).toBe('<!-- nofx:run late -->\nLate.');
  });
});

describe('what is written by a personal token', () => {
  const MONAS = 'ghp_of-mona-1234567890';
  const TOKENS = { GITHUB_TOKEN: MONAS, NOFX_TOKEN_SAME: MONAS, GIT_TOKEN: 'ghp_of-rita-1234567890' };
  const LIMITS = { perMinute: 3, perHour: 500 };
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness({ environment: TOKENS, writeBudget: LIMITS });
    nofx.github.createToken('mona', TOKENS.GITHUB_TOKEN);
    nofx.github.createToken('rita', TOKENS.GIT_TOKEN);
  });
  afterAll(() => nofx.stop());

  it('comes out of a budget of its own, whatever variables it is in, which every process asks', async () => {
    const { host, github } = nofx.nofx.deps.adapters;
    const { id } = await nofx.github.createRepository({
      owner: 'umbrella',
      name: 'kit',
      installed: false,
      files: { 'README.md': '# Kit\n' },
      collaborators: { mona: 'write', rita: 'write' },
    });
    const at = { repositoryId: id, owner: 'umbrella', name: 'kit' };
    const { main: sha } = await nofx.github.branches('umbrella/kit');
    const tag = (tokenEnv: string, name: string) => github.ensureTag({ ...at, tokenEnv }, { tag: name, sha: sha! });
    for (const name of ['v1', 'v2', 'v3']) await tag('GITHUB_TOKEN', name);
    const usedUp = { retryAfterMs: expect.toSatisfy((ms) => ms > 50_000) };
    for (const name of ['GITHUB_TOKEN', 'NOFX_TOKEN_SAME']) await expect(tag(name, 'v4')).rejects.toMatchObject(usedUp);
    expect(
      await budgetUse(nofx.nofx.database.db, writerOfToken('GITHUB_TOKEN', host), { ...LIMITS, spacingMs: 0 }),
    ).toMatchObject({
      minute: 1,
    });

    // What GitHub says to one process holds for all.
    nofx.github.failNext({ method: 'POST', path: /\/git\/refs$/, status: 429, headers: { 'retry-after': '90' } });
    await expect(tag('GIT_TOKEN', 'v5')).rejects.toMatchObject({ retryAfterMs: 90_000 });
    const before = nofx.github.requests().length;
    await expect(tag('GIT_TOKEN', 'v6')).rejects.toMatchObject({ retryAfterMs: expect.toSatisfy((ms) => ms > 80_000) });
    expect(
      nofx.github
        .requests()
        .slice(before)
        .filter(({ method }) => method !== 'GET'),
    ).toEqual([]);
  });
});
