import { checkBody, type Done } from './actions-issues.ts';
import { fullPullShape, pullShape, reviewCommentShape, reviewShape } from './shape-pulls.ts';
import type { Account, Pull, Review, ReviewComment } from './types.ts';
import type { World } from './world.ts';

type NewComment = { path: string; line: number; body: string; inReplyTo?: number };

/**
 * Adds a review with its comments. A comment by itself makes a review too, as on GitHub. Sends
 * `pull_request_review.submitted`, then `pull_request_review_comment.created` for each comment.
 */
export function addReview(
  world: World,
  pull: Pull,
  author: Account,
  input: { state: Review['state']; body?: string; comments?: readonly NewComment[] },
): Done<ReviewComment[]> {
  const at = world.now();
  const review: Review = {
    id: world.nextId(),
    user: author,
    body: input.body ?? '',
    state: input.state,
    commitId: pull.head.sha,
    submittedAt: at,
  };
  checkBody(review.body, 'PullRequestReview');
  pull.reviews.push(review);
  const comments = (input.comments ?? []).map(({ path, line, body, inReplyTo }): ReviewComment => {
    checkBody(body, 'PullRequestReviewComment');
    const parent = inReplyTo === undefined ? null : (world.reviewComments.get(inReplyTo) ?? null);
    const comment: ReviewComment = {
      id: world.nextId(),
      pull,
      review,
      inReplyTo: parent?.inReplyTo ?? parent,
      path,
      line,
      diffHunk: parent?.diffHunk ?? `@@ -0,0 +1,${line} @@\n+the line of ${path}`,
      body,
      user: author,
      reactions: [],
      createdAt: at,
      updatedAt: at,
    };
    world.reviewComments.set(comment.id, comment);
    return comment;
  });
  return { result: comments, delivered: emitReview(world, pull, review, comments) };
}

async function emitReview(world: World, pull: Pull, review: Review, comments: ReviewComment[]): Promise<void> {
  const { repo } = pull.issue;
  const common = { repo, sender: review.user };
  // In a webhook, and nowhere else, the state is in lower case.
  const shape = { ...reviewShape(world, pull, review), state: review.state.toLowerCase(), body: review.body || null };
  const body = { review: shape, pull_request: pullShape(world, pull) };
  await Promise.all([
    world.emit({ event: 'pull_request_review', action: 'submitted', ...common, body }),
    ...comments.map((comment) =>
      world.emit({
        event: 'pull_request_review_comment',
        action: 'created',
        ...common,
        body: { comment: reviewCommentShape(world, comment), pull_request: pullShape(world, pull) },
      }),
    ),
  ]);
}

/** Edits the description; sends `pull_request.edited`. */
export async function editPull(world: World, pull: Pull, sender: Account, body: string): Promise<void> {
  checkBody(body, 'PullRequest');
  const changes = { body: { from: pull.issue.body ?? '' } };
  pull.issue.body = body;
  pull.issue.updatedAt = world.now();
  const { number, repo } = pull.issue;
  await world.emit({
    event: 'pull_request',
    action: 'edited',
    repo,
    sender,
    body: { number, changes, pull_request: await fullPullShape(world, pull) },
  });
}
