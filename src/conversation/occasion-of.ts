import { findRunOfPullRequest, laneOfIssue, listOpenRuns, type Run } from '../db/runs.ts';
import type { Asking } from '../domain/event.ts';
import { projectIdOf } from '../domain/project.ts';
import { assertNothingBefore } from './cancel.ts';
import { ciTrigger } from './mend-ci.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from '../runs/deps.ts';
import type { Occasion } from './occasion.ts';
import { findRunByCheck } from './run-of-check.ts';

/** Where the request was made; of a check run's button also the run behind it. Null where there is none of ours. */
export async function occasionOf(
  deps: Pick<Deps, 'db'>,
  event: Asking,
  repository: RepositoryRef,
): Promise<{ occasion: Occasion; run: Run | null } | null> {
  const { deliveryId, sender } = event;
  const common = {
    deliveryId,
    repository,
    projectId: projectIdOf(repository),
    sender,
    triggerKey: `delivery:${deliveryId}`,
    commentId: null,
    writtenAt: null,
  };
  switch (event.kind) {
    case 'comment_created': {
      const { id, createdAt } = event.comment;
      const target = { kind: 'comment', id } as const;
      const written = { commentId: id, writtenAt: new Date(createdAt) };
      const occasion = { ...common, ...written, issue: event.issue, triggerKey: `comment:${id}`, target };
      return { occasion, run: null };
    }
    case 'line_comment_created': {
      const { issue, about, threadId, reviewId, comment } = event;
      const { id } = comment;
      const occasion: Occasion = {
        ...common,
        issue,
        triggerKey: `line-comment:${id}`,
        commentId: id,
        target: { kind: 'line comment', id },
        remarks: [about],
        threadId,
        ...(reviewId !== null && { reviewId }),
      };
      return { occasion, run: null };
    }
    case 'box_ticked': {
      // Ticked anew, it is asked anew: the delivery tells them apart.
      return { occasion: { ...common, issue: event.issue, target: null }, run: null };
    }
    case 'review_submitted': {
      const { issue, review } = event;
      const triggerKey = `review:${review.id}`;
      return { occasion: { ...common, issue, triggerKey, reviewId: review.id, target: null }, run: null };
    }
    case 'label_added':
      return {
        occasion: { ...common, issue: event.issue, target: { kind: 'issue', number: event.issue.number } },
        run: null,
      };
    case 'label_removed':
    case 'closed': {
      const { issue } = event;
      const open = await listOpenRuns(deps.db, laneOfIssue(common.projectId, issue.number));
      if (open.length > 0) return { occasion: { ...common, issue, target: null }, run: null };
      // A label counts as it is when what put it on is looked at.
      if (event.kind === 'closed') await assertNothingBefore(deps, common);
      return null;
    }
    case 'checks_failed': {
      for (const number of event.pulls) {
        const run = await findRunOfPullRequest(deps.db, common.projectId, number);
        if (run === null) continue;
        const triggerKey = ciTrigger(common.projectId, number, event.headSha);
        const issue = { number, title: '', body: '', isPullRequest: true };
        // For whoever asked for the pull request: what they may do counts.
        return { occasion: { ...common, sender: run.source.requester, triggerKey, issue, target: null }, run };
      }
      return null;
    }
    case 'button_pressed':
    case 'rerun_requested': {
      const run = await findRunByCheck(deps, common.projectId, event);
      if (!run?.source.issue) return null;
      const issue = { ...run.source.issue, isPullRequest: run.source.kind === 'pull request' };
      return { occasion: { ...common, issue, target: null }, run };
    }
  }
}
