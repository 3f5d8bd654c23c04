import { beforeAll, expect, test } from 'vitest';
import type { TestGitHub } from '../support/github.ts';

export type Rest = ReturnType<TestGitHub['octokit']>['rest'];
export const at = { owner: 'octo', repo: 'kit' };
export const REPO = 'octo/kit';

/** The requests about pull requests and their checks. They are of one file with the others, which looks at all of them at its end. */
export function testPullRequests(world: () => { github: TestGitHub; api: Rest }) {
  let github: TestGitHub;
  let api: Rest;
  beforeAll(() => void ({ github, api } = world()));

  test('a pull request from branch to branch', async () => {
    await github.push({
      repo: REPO,
      branch: 'nofx/pull',
      files: { 'src/slug.js': 'a\nb\n', 'README.md': null },
      message: 'Add slug',
      by: 'ann',
    });
    const input = { ...at, head: 'nofx/pull', base: 'main', title: 'Add slug', body: 'Closes #1', draft: true };
    const pull = (await api.pulls.create(input)).data;
    expect(pull).toMatchObject({
      state: 'open',
      draft: true,
      mergeable: true,
      commits: 1,
      changed_files: 2,
      additions: 2,
      deletions: 1,
    });
    await expect(api.pulls.create(input)).rejects.toMatchObject({
      status: 422,
      response: {
        data: {
          message: 'Validation Failed',
          errors: [
            { resource: 'PullRequest', code: 'custom', message: 'A pull request already exists for octo:nofx/pull.' },
          ],
        },
      },
    });
    const numbered = { ...at, pull_number: pull.number };
    expect((await api.pulls.get(numbered)).data.head.ref).toBe('nofx/pull');
    expect((await api.pulls.list({ ...at, head: 'octo:nofx/pull', base: 'main', state: 'open' })).data).toHaveLength(1);
    expect((await api.pulls.list({ ...at, head: 'octo:other' })).data).toHaveLength(0);
    expect((await api.pulls.list({ ...at, state: 'closed' })).data).toHaveLength(0);
    expect((await api.pulls.listFiles(numbered)).data.map(({ filename, status }) => `${status} ${filename}`)).toEqual([
      'removed README.md',
      'added src/slug.js',
    ]);
    expect((await api.pulls.listCommits(numbered)).data[0]?.author).toMatchObject({ login: 'ann' });
    await github.review({ repo: REPO, pull: pull.number, state: 'APPROVED', body: 'Good.', by: 'mia' });
    expect((await api.pulls.listReviews(numbered)).data[0]).toMatchObject({
      state: 'APPROVED',
      user: { login: 'mia' },
    });

    github.addTeam('octo/crew', { members: ['ann'], repositories: { [REPO]: 'write' } });
    const asked = (await api.pulls.requestReviewers({ ...numbered, reviewers: ['mia'], team_reviewers: ['crew'] }))
      .data;
    expect([asked.requested_reviewers?.[0]?.login, asked.requested_teams?.[0]?.slug]).toEqual(['mia', 'crew']);
    for (const refused of [{ reviewers: ['mia', 'nobody'] }, { team_reviewers: ['none'] }]) {
      await expect(api.pulls.requestReviewers({ ...numbered, ...refused })).rejects.toMatchObject({ status: 422 });
    }
    const assigned = await api.issues.addAssignees({ ...at, issue_number: pull.number, assignees: ['Ann', 'nobody'] });
    expect(assigned.data.assignees?.map(({ login }) => login)).toEqual(['ann']);

    const { sha } = await github.push({ repo: REPO, branch: 'nofx/pull', files: { 'more.txt': 'x' }, by: 'ann' });
    expect((await api.pulls.get(numbered)).data.head.sha).toBe(sha);
    expect((await api.pulls.update({ ...numbered, title: 'Better', state: 'closed' })).data).toMatchObject({
      title: 'Better',
      state: 'closed',
    });
    const reopened = (await api.pulls.create(input)).data;
    expect(reopened.number).toBeGreaterThan(pull.number);
  });

  test('check runs, found by name and commit', async () => {
    const { sha } = await github.push({ repo: REPO, branch: 'nofx/checks', files: { 'c.txt': 'c' }, by: 'ann' });
    expect((await api.checks.createSuite({ ...at, head_sha: sha })).status).toBe(200);
    const run = (
      await api.checks.create({
        ...at,
        name: 'NOFX',
        head_sha: sha,
        status: 'in_progress',
        external_id: 'run_1',
        output: { title: 'Working', summary: 'step 1' },
      })
    ).data;
    expect(run).toMatchObject({ status: 'in_progress', conclusion: null, external_id: 'run_1', app: { slug: 'nofx' } });
    const annotation = {
      path: 'c.txt',
      start_line: 1,
      end_line: 1,
      annotation_level: 'failure' as const,
      message: 'no',
    };
    const done = (
      await api.checks.update({
        ...at,
        check_run_id: run.id,
        status: 'completed',
        conclusion: 'failure',
        completed_at: '2026-01-01T00:00:00Z',
        output: { title: 'Failed', summary: 's', annotations: [annotation] },
        actions: [{ label: 'Retry', description: 'Run it again', identifier: 'retry' }],
      })
    ).data;
    expect(done).toMatchObject({ status: 'completed', conclusion: 'failure', completed_at: '2026-01-01T00:00:00Z' });
    expect((await api.checks.get({ ...at, check_run_id: run.id })).data.output.annotations_count).toBe(1);
    expect((await api.checks.listAnnotations({ ...at, check_run_id: run.id })).data).toMatchObject([annotation]);

    await api.checks.create({ ...at, name: 'NOFX', head_sha: sha });
    await api.checks.create({ ...at, name: 'NOFX / gate: test', head_sha: sha });
    const count = async (filter: object) =>
      (await api.checks.listForRef({ ...at, ref: sha, ...filter })).data.total_count;
    expect(await count({})).toBe(2);
    expect(await count({ filter: 'all' })).toBe(3);
    expect(await count({ filter: 'all', check_name: 'NOFX' })).toBe(2);
    expect(await count({ filter: 'all', app_id: 7 })).toBe(0);
    expect(github.checkRuns(REPO, sha).map(({ name }) => name)).toEqual(['NOFX', 'NOFX', 'NOFX / gate: test']);
  });

  test('reviews, the comments beside lines, and updating a branch from its base', async () => {
    const { pulls, reactions } = api;
    await github.push({ repo: REPO, branch: 'nofx/reviewed', files: { 'new.txt': 'New.\n' }, by: 'ann' });
    const made = await pulls.create({ ...at, head: 'nofx/reviewed', base: 'main', title: 'New' });
    const numbered = { ...at, pull_number: made.data.number };
    const line = { path: 'new.txt', line: 1, body: 'Why?' };
    const { comments } = await github.review({
      repo: REPO,
      pull: made.data.number,
      state: 'CHANGES_REQUESTED',
      body: 'Not yet.',
      comments: [line],
      by: 'mia',
    });
    const review = (await pulls.listReviews(numbered)).data[0]!;
    const asked = { ...numbered, review_id: Number(review.id) };
    expect((await pulls.getReview(asked)).data).toMatchObject({ state: 'CHANGES_REQUESTED', body: 'Not yet.' });
    expect((await pulls.listCommentsForReview(asked)).data).toMatchObject([{ id: comments[0], ...line }]);
    const first = { ...at, comment_id: comments[0]! };
    const reply = (await pulls.createReplyForReviewComment({ ...numbered, ...first, body: 'Because.' })).data;
    expect(reply).toMatchObject({ in_reply_to_id: comments[0], body: 'Because.', user: { login: 'nofx[bot]' } });
    const own = { ...at, comment_id: Number(reply.id) };
    expect((await pulls.updateReviewComment({ ...own, body: 'So.' })).data.body).toBe('So.');
    expect((await pulls.getReviewComment(own)).data.body).toBe('So.');
    expect((await pulls.listReviewComments(numbered)).data).toHaveLength(2);
    await pulls.deleteReviewComment(own);
    expect((await pulls.listReviewComments(numbered)).data).toHaveLength(1);
    const eyes = (await reactions.createForPullRequestReviewComment({ ...first, content: 'eyes' })).data;
    expect((await reactions.listForPullRequestReviewComment(first)).data).toHaveLength(1);
    await reactions.deleteForPullRequestComment({ ...first, reaction_id: eyes.id });
    expect((await reactions.listForPullRequestReviewComment(first)).data).toEqual([]);

    await expect(pulls.updateBranch(numbered)).rejects.toMatchObject({ status: 422 });
    await github.push({ repo: REPO, files: { 'base.txt': 'Base.\n' }, by: 'ann' });
    const { repos } = api;
    const compared = (await repos.compareCommitsWithBasehead({ ...at, basehead: 'main...nofx/reviewed' })).data;
    expect(compared).toMatchObject({
      status: 'diverged',
      ahead_by: 1,
      behind_by: 1,
      commits: [{ author: { login: 'ann' } }],
    });
    const before = (await pulls.get(numbered)).data.head.sha;
    await expect(pulls.updateBranch({ ...numbered, expected_head_sha: '0'.repeat(40) })).rejects.toMatchObject({
      status: 422,
    });
    expect((await pulls.updateBranch({ ...numbered, expected_head_sha: before })).status).toBe(202);
    const after = (await pulls.get(numbered)).data;
    expect(after.head.sha).not.toBe(before);
    expect(after.commits).toBe(2);
  });
}
