import { z } from 'zod';
import type { DomainEvent, Person } from '../domain/event.ts';

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
  issue: z.object({
    number: z.number().int(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.enum(['open', 'closed']),
    /** Only pull requests have it. */
    pull_request: z.unknown().optional(),
    user: User.nullish(),
  }),
});

const CommentCreated = Common.extend({
  action: z.literal('created'),
  comment: z.object({ id: z.number().int(), body: z.string(), created_at: z.string(), html_url: z.string() }),
});

const IssueLabeled = Common.extend({ action: z.literal('labeled'), label: z.object({ name: z.string() }) });

/** GitHub shows content of deleted accounts as this user's. https://github.com/ghost */
const ghost: Person = { login: 'ghost', id: 10137 };

/**
 * GitHub's event in our words. Never throws: what NOFX does not act on, does not understand or must not
 * answer (bots, itself among them) is `ignored`, with the reason. `name` is the `X-GitHub-Event` header.
 */
export function toDomainEvent(event: { id: string; name: string; payload: unknown }): DomainEvent {
  const ignored = (reason: string): DomainEvent => ({ kind: 'ignored', deliveryId: event.id, reason });
  const full = fullName(event);
  if (full !== 'issue_comment.created' && full !== 'issues.labeled')
    return ignored(`${full} is not an event NOFX acts on`);
  if (!hasInstallation(event.payload)) return ignored(`${full} came from a repository's own webhook, not from the app`);

  const parsed = (full === 'issue_comment.created' ? CommentCreated : IssueLabeled).safeParse(event.payload);
  if (!parsed.success) return ignored(`${full} does not look as GitHub describes it: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  if (isBot(data.sender)) return ignored(`${data.sender.login} is a bot`);

  const origin = originOf(event.id, data);
  return 'comment' in data
    ? {
        kind: 'comment_created',
        ...origin,
        comment: {
          id: data.comment.id,
          body: data.comment.body,
          createdAt: data.comment.created_at,
          url: data.comment.html_url,
        },
      }
    : { kind: 'issue_labeled', ...origin, label: data.label.name };
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

function originOf(deliveryId: string, { installation, sender, repository, issue }: z.infer<typeof Common>) {
  const author = issue.user ?? ghost;
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
    issue: {
      number: issue.number,
      title: issue.title,
      body: issue.body ?? '',
      isPullRequest: issue.pull_request !== undefined && issue.pull_request !== null,
      author: { login: author.login, id: author.id },
      state: issue.state,
    },
    sender: { login: sender.login, id: sender.id },
  };
}
