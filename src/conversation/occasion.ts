import type { EventIssue, LineComment, Person } from '../domain/event.ts';
import type { ReactionTarget, RepositoryRef } from '../github/port.ts';

/** Somebody's request, wherever on GitHub they made it. */
export type Occasion = {
  deliveryId: string;
  /** one run per trigger, however often its delivery is worked on */
  triggerKey: string;
  repository: RepositoryRef;
  projectId: string;
  sender: Person;
  /** the issue or pull request it is about */
  issue: Pick<EventIssue, 'number' | 'title' | 'body' | 'isPullRequest'>;
  commentId: number | null;
  /** when the comment was written; null where there is none */
  writtenAt: Date | null;
  /** said beside a line: what, and in which thread it is answered */
  remarks?: LineComment[];
  threadId?: number;
  /** the review that a comment beside a line is part of, or that asks itself */
  reviewId?: number;
  /** what gets the reactions; null where there is nothing to react to */
  target: ReactionTarget | null;
};

/** What came of a request. */
export type Answer = {
  /** for the delivery's row: `run run_…`, `cancelled run_…` */
  outcome: string;
  /** what is told in a comment of its own: one paragraph of markdown or a few; nothing where the run's comment says it */
  say?: string;
  /** said only once under this name, however often it is asked; once for each request unless told */
  once?: string;
  reaction?: 'eyes' | 'confused';
};

/** Nothing was to be done, and nobody is told. */
export function ignored(reason: string): Answer {
  return { outcome: `ignored: ${reason}` };
}
