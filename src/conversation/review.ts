import { findRunOfPullRequest } from '../db/runs.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import { readConfig } from '../runs/read-config.ts';
import { ignored, type Answer, type Occasion } from './occasion.ts';
import { start } from './start.ts';

/** What is asked by a review that says nothing but its comments. */
const COMMENTS_ALONE = 'Do what the comments of this review ask for.';

/** Whether the pull request is one of ours. On those of others we say nothing unless somebody speaks to us. */
export async function isOurs(
  { db }: Pick<Deps, 'db'>,
  { projectId, issue }: Pick<Occasion, 'projectId' | 'issue'>,
): Promise<boolean> {
  return (await findRunOfPullRequest(db, projectId, issue.number)) !== null;
}

/** Does what a review of a pull request of ours asks for, all its comments as one run, where the repository wants that. */
export async function heedReview(deps: Deps, defaults: RunDefaults, occasion: Occasion): Promise<Answer> {
  const { repository, issue, reviewId } = occasion;
  if ((await readConfig(deps, repository)).onReview === 'off') return ignored('reviews start nothing here');
  const review = reviewId === undefined ? null : await deps.adapters.github.review(repository, issue.number, reviewId);
  if (review === null) return ignored('the review is gone');
  const prompt = review.body.trim() || COMMENTS_ALONE;
  return start(deps, defaults, { ...occasion, remarks: review.comments }, { prompt, options: {} });
}

/** Whether a comment beside a line belongs to a review that is heeded as a whole. */
export async function isPartOfReview(deps: Deps, occasion: Occasion): Promise<boolean> {
  const { repository, issue, reviewId, threadId } = occasion;
  if (reviewId === undefined || threadId === undefined || !(await isOurs(deps, occasion))) return false;
  const review = await deps.adapters.github.review(repository, issue.number, reviewId);
  if (!review?.requestsChanges) return false;
  return (await readConfig(deps, repository)).onReview === 'run';
}
