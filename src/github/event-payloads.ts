import { z } from 'zod';
import type { Person } from '../domain/event.ts';

/** What is read of a payload. Everything else GitHub may send, leave out or add is of no account. */
export const User = z.object({ login: z.string(), id: z.number().int(), type: z.string().optional() });

export const Common = z.object({
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

export const Issue = z.object({
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  /** Only pull requests have it. */
  pull_request: z.unknown().optional(),
  user: User.nullish(),
});

export const OnIssue = Common.extend({ issue: Issue });

export const CommentCreated = OnIssue.extend({
  comment: z.object({ id: z.number().int(), body: z.string(), created_at: z.string(), html_url: z.string() }),
});

export const Labeled = Common.extend({
  issue: Issue.extend({ updated_at: z.string() }),
  label: z.object({ name: z.string() }),
});

export const OnPullRequest = Common.extend({ pull_request: Issue });

export const PullRequestEdited = OnPullRequest.extend({
  changes: z.object({ body: z.object({ from: z.string().nullish() }).optional() }).optional(),
});

export const PullRequestClosed = Common.extend({ pull_request: Issue.extend({ merged_at: z.string().nullish() }) });

export const Suite = z.object({ head_branch: z.string().nullish() });
export const LineCommentCreated = OnPullRequest.extend({
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

export const ReviewSubmitted = OnPullRequest.extend({
  review: z.object({ id: z.number().int(), body: z.string().nullish(), state: z.string(), html_url: z.string() }),
});

export const Check = z.object({
  external_id: z.string().nullish(),
  name: z.string(),
  head_sha: z.string(),
  check_suite: Suite.nullish(),
});
export const CheckRun = Common.extend({ check_run: Check });
export const ButtonPressed = CheckRun.extend({ requested_action: z.object({ identifier: z.string() }) });
export const CheckSuite = Common.extend({ check_suite: Suite });
export const SuiteCompleted = Common.extend({
  check_suite: Suite.extend({
    head_sha: z.string(),
    conclusion: z.string().nullish(),
    app: z.object({ slug: z.string().nullish() }).nullish(),
    pull_requests: z.array(z.object({ number: z.number().int() })),
  }),
});

export const MergeGroup = Common.extend({ merge_group: z.object({ head_sha: z.string() }) });

export type Origin = z.infer<typeof Common>;

/** GitHub shows content of deleted accounts as this user's. https://github.com/ghost */
const ghost: Person = { login: 'ghost', id: 10137 };

export function originOf(deliveryId: string, { installation, sender, repository }: Origin) {
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

export function issueOf(issue: z.infer<typeof Issue>) {
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
export function pullOf(pull: z.infer<typeof Issue>) {
  return { ...issueOf(pull), isPullRequest: true };
}

export function checkOf({ external_id: externalId, name, head_sha: headSha }: z.infer<typeof Check>) {
  return { externalId: externalId ?? '', name, headSha };
}
