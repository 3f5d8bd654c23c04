import { z } from 'zod';
import type { DomainEvent, Person } from '../domain/event.ts';
import { isWorkBranch } from '../domain/refs.ts';
import { ticksRebase } from '../domain/report-pull-request.ts';

/** What is read of a payload. Everything else GitHub may send, leave out or add is of no account. */
const User = z.object({ login: z.string(), id: z.number().int(), type: z.string().optional() });

const Common = z.object({
  action: z.string(),
  installation: z.object({ id: z.number().int() }),
  sender: User,
  repository: z.object({
    id: z.number().int(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    default_branch: z.string(),
    private: z.boolean(),
    html_url: z.string(),
    clone_url: z.string(),
  }),
});

const Issue = z.object({
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  /** Only pull requests have it. */
  pull_request: z.unknown().optional(),
  user: User.nullish(),
});

const OnIssue = Common.extend({ issue: Issue });

const CommentCreated = OnIssue.extend({
  comment: z.object({ id: z.number().int(), body: z.string(), created_at: z.string(), html_url: z.string() }),
});

const Labeled = OnIssue.extend({ label: z.object({ name: z.string() }) });

const OnPullRequest = Common.extend({ pull_request: Issue });

const PullRequestEdited = OnPullRequest.extend({
  changes: z.object({ body: z.object({ from: z.string().nullish() }).optional() }).optional(),
});

const PullRequestClosed = Common.extend({ pull_request: Issue.extend({ merged: z.boolean().nullish() }) });

const Suite = z.object({ head_branch: z.string().nullish() });
const LineCommentCreated = OnPullRequest.extend({
  comment: z.object({
    id: z.number().int(),
    body: z.string(),
    created_at: z.string(),
    html_url: z.string(),
    path: z.string(),
    line: z.number().int().nullish(),
    diff_hunk: z.string(),
    pull_request_review_id: z.number().int().nullish(),
    in_reply_to_id: z.number().int().nullish(),
  }),
});

const ReviewSubmitted = OnPullRequest.extend({
  review: z.object({ id: z.number().int(), body: z.string().nullish(), state: z.string(), html_url: z.string() }),
});

const Check = z.object({
  external_id: z.string().nullish(),
  name: z.string(),
  head_sha: z.string(),
  check_suite: Suite.nullish(),
});
const CheckRun = Common.extend({ check_run: Check });
const ButtonPressed = CheckRun.extend({ requested_action: z.object({ identifier: z.string() }) });
const CheckSuite = Common.extend({ check_suite: Suite });
const SuiteCompleted = Common.extend({
  check_suite: Suite.extend({
    head_sha: z.string(),
    conclusion: z.string().nullish(),
    app: z.object({ slug: z.string().nullish() }).nullish(),
    pull_requests: z.array(z.object({ number: z.number().int() })),
  }),
});

/** GitHub shows content of deleted accounts as this user's. https://github.com/ghost */
const ghost: Person = { login: 'ghost', id: 10137 };

type Origin = z.infer<typeof Common>;
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
  })),
  'issues.unlabeled': reader(Labeled, ({ issue, label }) => ({
    kind: 'label_removed',
    issue: issueOf(issue),
    label: label.name,
  })),
  'issues.closed': reader(OnIssue, ({ issue }) => ({ kind: 'closed', issue: issueOf(issue), merged: false })),
  'pull_request.closed': reader(PullRequestClosed, ({ pull_request: pull }) => ({
    kind: 'closed',
    issue: pullOf(pull),
    merged: pull.merged ?? false,
  })),
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

function originOf(deliveryId: string, { installation, sender, repository }: Origin) {
  return {
    deliveryId,
    installationId: installation.id,
    repository: {
      id: repository.id,
      owner: repository.owner.login,
      name: repository.name,
      defaultBranch: repository.default_branch,
      private: repository.private,
      htmlUrl: repository.html_url,
      cloneUrl: repository.clone_url,
    },
    sender: { login: sender.login, id: sender.id },
  };
}

function issueOf(issue: z.infer<typeof Issue>) {
  const author = issue.user ?? ghost;
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    isPullRequest: issue.pull_request !== undefined && issue.pull_request !== null,
    author: { login: author.login, id: author.id },
    state: issue.state,
  };
}

/** In its own events a pull request does not say that it is one. */
function pullOf(pull: z.infer<typeof Issue>) {
  return { ...issueOf(pull), isPullRequest: true };
}

function checkOf({ external_id: externalId, name, head_sha: headSha }: z.infer<typeof Check>) {
  return { externalId: externalId ?? '', name, headSha };
}
