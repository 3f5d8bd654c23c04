import type { LineComment } from '../domain/event.ts';
import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';

export type Review = { requestsChanges: boolean; body: string; comments: LineComment[] };

/** What a review of a pull request says, with its comments beside lines; null where it is gone. */
export async function review({ octokit, at }: Client, pull: number, id: number): Promise<Review | null> {
  const one = { ...at, pull_number: pull, review_id: id };
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}', one);
    const comments = await octokit.paginate(
      'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments',
      { ...one, per_page: 100 },
    );
    return {
      requestsChanges: data.state === 'CHANGES_REQUESTED',
      body: data.body,
      comments: comments.map((comment) => ({
        path: comment.path,
        line: comment.line ?? comment.original_line ?? null,
        hunk: comment.diff_hunk,
        text: comment.body,
        author: comment.user?.login ?? 'ghost',
      })),
    };
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}
