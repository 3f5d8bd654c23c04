import { z } from 'zod';

/** Someone on GitHub. The id stays when the login changes. */
export const Person = z.object({ login: z.string(), id: z.number().int() });
export type Person = z.infer<typeof Person>;

/** A repository as the event described it. */
export const EventRepository = z.object({
  id: z.number().int(),
  owner: z.string(),
  name: z.string(),
  defaultBranch: z.string(),
  private: z.boolean(),
  htmlUrl: z.string(),
  cloneUrl: z.string(),
});
export type EventRepository = z.infer<typeof EventRepository>;

/** An issue or a pull request, with the words it had when the event was sent. */
export const EventIssue = z.object({
  number: z.number().int(),
  title: z.string(),
  body: z.string(),
  isPullRequest: z.boolean(),
  author: Person,
  state: z.enum(['open', 'closed']),
});
export type EventIssue = z.infer<typeof EventIssue>;

/** An issue as a task: its own words. */
export function taskOf({ title, body }: Pick<EventIssue, 'title' | 'body'>): string {
  return [title, body].filter(Boolean).join('\n\n');
}

export const EventComment = z.object({
  id: z.number().int(),
  body: z.string(),
  createdAt: z.string(),
  url: z.string(),
});
export type EventComment = z.infer<typeof EventComment>;

/** What was said beside a line of a pull request, with what stood there. */
export const LineComment = z.object({
  /** empty: it is about the whole */
  path: z.string(),
  /** null where the line is gone by now */
  line: z.number().int().nullable(),
  /** the lines around it, as a diff */
  hunk: z.string(),
  text: z.string(),
  author: z.string(),
});
export type LineComment = z.infer<typeof LineComment>;

/** A check run of ours, as the event described it. */
export const EventCheck = z.object({ externalId: z.string(), name: z.string(), headSha: z.string() });
export type EventCheck = z.infer<typeof EventCheck>;

const origin = {
  /** The webhook's GUID. The same on a redelivery. */
  deliveryId: z.string(),
  installationId: z.number().int(),
  repository: EventRepository,
  /** Who did it: the one whose permission counts. */
  sender: Person,
};

const onIssue = { ...origin, issue: EventIssue };

/**
 * What happened on GitHub, in our words. Text is frozen here: nothing later reads the issue or the
 * comment again, so an edit after the trigger changes nothing.
 */
export const DomainEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('comment_created'), ...onIssue, comment: EventComment }),
  /** beside a line of a pull request; `threadId`: the first comment of its thread; `reviewId`: the review it is part of */
  z.object({
    kind: z.literal('line_comment_created'),
    ...onIssue,
    comment: EventComment,
    about: LineComment,
    threadId: z.number().int(),
    reviewId: z.number().int().nullable(),
  }),
  z.object({
    kind: z.literal('review_submitted'),
    ...onIssue,
    review: z.object({ id: z.number().int(), body: z.string(), requestsChanges: z.boolean(), url: z.string() }),
  }),
  /** the box in a pull request of ours that asks for a rebase */
  z.object({ kind: z.literal('box_ticked'), ...onIssue }),
  z.object({ kind: z.literal('label_added'), ...onIssue, label: z.string(), at: z.string() }),
  z.object({ kind: z.literal('label_removed'), ...onIssue, label: z.string(), at: z.string() }),
  /** an issue or a pull request; `mergedAt` only of the latter, where it was */
  z.object({ kind: z.literal('closed'), ...onIssue, mergedAt: z.string().nullable() }),
  /** a button of a completed check run of ours */
  z.object({
    kind: z.literal('button_pressed'),
    ...origin,
    check: EventCheck,
    branch: z.string().nullable(),
    button: z.string(),
  }),
  /** GitHub's own "Re-run" on a check run of ours; null: on all of those of a branch's head */
  z.object({
    kind: z.literal('rerun_requested'),
    ...origin,
    check: EventCheck.nullable(),
    branch: z.string().nullable(),
  }),
  /** the checks that an app ran on a commit of a `nofx/…` branch have ended, and not well; `pulls`: whose head it is */
  z.object({
    kind: z.literal('checks_failed'),
    ...origin,
    app: z.string(),
    headSha: z.string(),
    pulls: z.array(z.number().int()),
  }),
  /** a merge queue wants to know of the checks of a commit of its own */
  z.object({ kind: z.literal('merge_group_queued'), ...origin, headSha: z.string() }),
  z.object({ kind: z.literal('ignored'), deliveryId: z.string(), reason: z.string() }),
]);
export type DomainEvent = z.infer<typeof DomainEvent>;

/** What NOFX acts on. */
export type Happening = Exclude<DomainEvent, { kind: 'ignored' }>;

/** What somebody did that may ask something of NOFX. */
export type Asking = Exclude<Happening, { kind: 'merge_group_queued' }>;
