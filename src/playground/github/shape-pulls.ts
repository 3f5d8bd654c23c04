import { commitsBetween, mergesCleanly, totalsBetween } from './git-diff.ts';
import { teamShape, userShape } from './shape-accounts.ts';
import { iso, isoOrNull, nodeId } from './shape-common.ts';
import { association, issueShape, rollup } from './shape-issues.ts';
import { labelShape, repositoryApi, repositoryHtml, repositoryShape } from './shape-repository.ts';
import type { Pull, Review, ReviewComment } from './types.ts';
import type { World } from './world.ts';

/** `pull-request-simple`: in lists. */
export function pullShape(world: World, pull: Pull) {
  const { issue } = pull;
  const { repo } = issue;
  const api = repositoryApi(world, repo);
  const url = `${api}/pulls/${issue.number}`;
  const html = `${repositoryHtml(world, repo)}/pull/${issue.number}`;
  const asIssue = issueShape(world, issue);
  const side = ({ ref, sha }: { ref: string; sha: string }) => ({
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha,
    user: userShape(world, repo.owner),
    repo: repositoryShape(world, repo),
  });
  const links = {
    self: url,
    html,
    issue: asIssue.url,
    comments: `${asIssue.url}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${api}/statuses/${pull.head.sha}`,
  };
  return {
    url,
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: asIssue.url,
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: userShape(world, issue.user),
    body: issue.body,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: isoOrNull(issue.closedAt),
    merged_at: isoOrNull(pull.merged?.at ?? null),
    merge_commit_sha: pull.merged?.sha ?? null,
    assignee: asIssue.assignee,
    assignees: asIssue.assignees,
    requested_reviewers: pull.requestedReviewers.map((one) => userShape(world, one)),
    requested_teams: pull.requestedTeams.map((team) => teamShape(world, team)),
    // GitHub's description says that there is text, in this one place.
    labels: issue.labels.map((label) => ({ ...labelShape(world, repo, label), description: label.description ?? '' })),
    milestone: null,
    draft: pull.draft,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    head: side(pull.head),
    base: side(pull.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: association(repo, issue.user),
    auto_merge: null,
    active_lock_reason: null,
  };
}

/** `pull-request`: one of them, with what git has to compute. */
export async function fullPullShape(world: World, pull: Pull) {
  const { dir } = pull.issue.repo;
  const { base, head } = pull;
  const [commits, totals, clean] = await Promise.all([
    commitsBetween(dir, base.sha, head.sha),
    totalsBetween(dir, base.sha, head.sha),
    mergesCleanly(dir, base.sha, head.sha),
  ]);
  return {
    ...pullShape(world, pull),
    merged: pull.merged !== null,
    mergeable: clean,
    rebaseable: clean,
    mergeable_state: pull.draft ? 'draft' : clean ? 'clean' : 'dirty',
    merged_by: pull.merged && userShape(world, pull.merged.by),
    comments: pull.issue.comments.length,
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: commits.length,
    ...totals,
  };
}

export function reviewShape(world: World, pull: Pull, review: Review) {
  const { url, html_url: html } = pullShape(world, pull);
  return {
    id: review.id,
    node_id: nodeId('PRR', review.id),
    user: userShape(world, review.user),
    body: review.body,
    state: review.state,
    html_url: `${html}#pullrequestreview-${review.id}`,
    pull_request_url: url,
    author_association: association(pull.issue.repo, review.user),
    _links: { html: { href: `${html}#pullrequestreview-${review.id}` }, pull_request: { href: url } },
    submitted_at: iso(review.submittedAt),
    commit_id: review.commitId,
  };
}

export function reviewCommentShape(world: World, comment: ReviewComment) {
  const { pull, review, line } = comment;
  const { url: pullUrl, html_url: pullHtml } = pullShape(world, pull);
  const url = `${repositoryApi(world, pull.issue.repo)}/pulls/comments/${comment.id}`;
  const html = `${pullHtml}#discussion_r${comment.id}`;
  return {
    url,
    pull_request_review_id: review.id,
    id: comment.id,
    node_id: nodeId('PRRC', comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    position: line,
    original_position: line,
    commit_id: pull.head.sha,
    original_commit_id: review.commitId,
    ...(comment.inReplyTo ? { in_reply_to_id: comment.inReplyTo.id } : {}),
    user: userShape(world, comment.user),
    body: comment.body,
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    html_url: html,
    pull_request_url: pullUrl,
    author_association: association(pull.issue.repo, comment.user),
    _links: { self: { href: url }, html: { href: html }, pull_request: { href: pullUrl } },
    start_line: null,
    original_start_line: null,
    start_side: null,
    line,
    original_line: line,
    side: 'RIGHT' as const,
    subject_type: 'line' as const,
    reactions: rollup(url, comment.reactions),
  };
}
