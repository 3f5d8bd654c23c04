import { z } from 'zod';
import type { DomainEvent } from '../domain/event.ts';
import { isWorkBranch } from '../domain/refs.ts';
import { ticksRebase } from '../domain/report-pull-request.ts';
import {
  ButtonPressed,
  CheckRun,
  CheckSuite,
  CommentCreated,
  Labeled,
  LineCommentCreated,
  MergeGroup,
  OnIssue,
  PullRequestClosed,
  PullRequestEdited,
  ReviewSubmitted,
  SuiteCompleted,
  type User,
  checkOf,
  issueOf,
  originOf,
  pullOf,
  type Origin,
} from './event-payloads.ts';

type Meaning = Exclude<DomainEvent, { kind: 'ignored' }>;
/** What an event means beside its origin; `Omit` of a union would forget what belongs together. */
type Rest = Meaning extends infer Each
  ? Each extends Meaning
    ? Omit<Each, 'deliveryId' | 'installationId' | 'repository' | 'sender'>
    : never
  : never;

/** `read` gives a reason instead where there is nothing to act on; `byBots`: what a bot does counts, too. */
type Reader = { schema: z.ZodType<Origin>; read(payload: unknown): Rest | string; byBots?: boolean };

function reader<T extends Origin>(schema: z.ZodType<T>, read: (payload: T) => Rest | string): Reader {
  return { schema, read: read as Reader['read'] };
}

/** Each event that NOFX acts on. */
const readers: Record<string, Reader> = {
  'issue_comment.created': reader(CommentCreated, ({ issue, comment }) => ({
    kind: 'comment_created',
    issue: issueOf(issue),
    comment: { id: comment.id, body: comment.body, createdAt: comment.created_at, url: comment.html_url },
  })),
  'pull_request_review_comment.created': reader(LineCommentCreated, ({ pull_request: pull, comment, sender }) => ({
    kind: 'line_comment_created',
    issue: pullOf(pull),
    comment: { id: comment.id, body: comment.body, createdAt: comment.created_at, url: comment.html_url },
    about: {
      path: comment.path,
      line: comment.line ?? null,
      hunk: comment.diff_hunk,
      text: comment.body,
      author: sender.login,
    },
    threadId: comment.in_reply_to_id ?? comment.id,
    reviewId: comment.pull_request_review_id ?? null,
  })),
  'pull_request_review.submitted': reader(ReviewSubmitted, ({ pull_request: pull, review }) => ({
    kind: 'review_submitted',
    issue: pullOf(pull),
    review: {
      id: review.id,
      body: review.body ?? '',
      requestsChanges: review.state.toLowerCase() === 'changes_requested',
      url: review.html_url,
    },
  })),
  'issues.labeled': reader(Labeled, ({ issue, label }) => ({
    kind: 'label_added',
    issue: issueOf(issue),
    label: label.name,
    at: issue.updated_at,
  })),
  'issues.unlabeled': reader(Labeled, ({ issue, label }) => ({
    kind: 'label_removed',
    issue: issueOf(issue),
    label: label.name,
    at: issue.updated_at,
  })),
  'issues.closed': reader(OnIssue, ({ issue }) => ({ kind: 'closed', issue: issueOf(issue), mergedAt: null })),
  // Merge queues and other apps merge as well: that is a fact, and asks for nothing.
  'pull_request.closed': {
    ...reader(PullRequestClosed, ({ pull_request: pull, sender }) =>
      isBot(sender) && !pull.merged_at
        ? `${sender.login} is a bot`
        : { kind: 'closed', issue: pullOf(pull), mergedAt: pull.merged_at ?? null },
    ),
    byBots: true,
  },
  'pull_request.edited': reader(PullRequestEdited, ({ pull_request: pull, changes }) =>
    changes?.body && ticksRebase(changes.body.from ?? '', pull.body ?? '')
      ? { kind: 'box_ticked', issue: pullOf(pull) }
      : 'no box was ticked',
  ),
  'check_run.requested_action': reader(ButtonPressed, ({ check_run: check, requested_action: { identifier } }) => ({
    kind: 'button_pressed',
    check: checkOf(check),
    branch: check.check_suite?.head_branch ?? null,
    button: identifier,
  })),
  'check_run.rerequested': reader(CheckRun, ({ check_run: check }) => ({
    kind: 'rerun_requested',
    check: checkOf(check),
    branch: check.check_suite?.head_branch ?? null,
  })),
  'check_suite.rerequested': reader(CheckSuite, ({ check_suite: suite }) => ({
    kind: 'rerun_requested',
    check: null,
    branch: suite.head_branch ?? null,
  })),
  // Its sender is the queue, or whoever put something into it: it asks nothing of a person.
  'merge_group.checks_requested': {
    ...reader(MergeGroup, ({ merge_group: group }) => ({ kind: 'merge_group_queued', headSha: group.head_sha })),
    byBots: true,
  },
  // Its sender is whoever pushed, which is us.
  'check_suite.completed': { ...reader(SuiteCompleted, ({ check_suite: suite }) => checksFailed(suite)), byBots: true },
};

function checksFailed({
  conclusion,
  app,
  head_sha: headSha,
  head_branch,
  pull_requests,
}: z.infer<typeof SuiteCompleted>['check_suite']): Rest | string {
  if (conclusion !== 'failure') return `the checks ended in ${conclusion ?? 'nothing'}`;
  if (!isWorkBranch(head_branch ?? '')) return 'not a branch of ours';
  return { kind: 'checks_failed', app: app?.slug ?? '', headSha, pulls: pull_requests.map(({ number }) => number) };
}

/** The events that NOFX acts on, as `name.action`. */
export const KNOWN_EVENTS = Object.keys(readers);

/**
 * GitHub's event in our words. Never throws: what NOFX does not act on, does not understand or must not
 * answer (bots, itself among them) is `ignored`, with the reason. `name` is the `X-GitHub-Event` header.
 */
export function toDomainEvent(event: { id: string; name: string; payload: unknown }): DomainEvent {
  const ignored = (reason: string): DomainEvent => ({ kind: 'ignored', deliveryId: event.id, reason });
  const full = fullName(event);
  const known = Object.hasOwn(readers, full) ? readers[full]! : null;
  if (known === null) return ignored(`${full} is not an event NOFX acts on`);
  if (!hasInstallation(event.payload)) return ignored(`${full} came from a repository's own webhook, not from the app`);

  const parsed = known.schema.safeParse(event.payload);
  if (!parsed.success) return ignored(`${full} does not look as GitHub describes it: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  if (isBot(data.sender) && !known.byBots) return ignored(`${data.sender.login} is a bot`);
  const read = known.read(data);
  return typeof read === 'string' ? ignored(read) : { ...originOf(event.id, data), ...read };
}

function fullName(event: { name: string; payload: unknown }): string {
  const action = (event.payload as { action?: unknown } | null)?.action;
  return typeof action === 'string' ? `${event.name}.${action}` : event.name;
}

function hasInstallation(payload: unknown): boolean {
  return typeof (payload as { installation?: { id?: unknown } } | null)?.installation?.id === 'number';
}

/** Apps act as `name[bot]` with type Bot; our own comments are among them. */
function isBot(user: z.infer<typeof User>): boolean {
  return user.type === 'Bot' || user.login.endsWith('[bot]');
}
