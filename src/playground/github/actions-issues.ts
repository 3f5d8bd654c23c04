import { invalid } from './respond.ts';
import { labelShape } from './shape-repository.ts';
import { commentShape, issueShape } from './shape-issues.ts';
import { fullPullShape } from './shape-pulls.ts';
import type { Account, Comment, Issue, Label, Reaction, ReactionContent, Repository } from './types.ts';
import { findAccount, isCollaborator, type World } from './world.ts';

/** What was made, and when its webhook was answered. */
export type Done<T> = { result: T; delivered: Promise<void> };

/** GitHub refuses longer bodies of issues, comments and pull requests. */
const LONGEST_BODY = 65_536;

export function checkBody(body: string | null, resource: string): void {
  if ((body ?? '').length <= LONGEST_BODY) return;
  invalid({
    resource,
    code: 'custom',
    field: 'body',
    message: `body is too long (maximum is ${LONGEST_BODY} characters)`,
  });
}

/** Sends `issues.<action>` or, where the issue is a pull request, `pull_request.<action>`. */
function emitIssue(world: World, issue: Issue, action: string, sender: Account, more: object = {}): Promise<void> {
  const { pull, repo, number } = issue;
  if (!pull)
    return world.emit({ event: 'issues', action, repo, sender, body: { issue: issueShape(world, issue), ...more } });
  const body = fullPullShape(world, pull).then((shape) => ({ number, pull_request: shape, ...more }));
  return world.emit({ event: 'pull_request', action, repo, sender, body });
}

export function addIssue(
  world: World,
  input: { repo: Repository; title: string; body: string | null; user: Account },
): Issue {
  checkBody(input.body, input.repo.name);
  const now = world.now();
  const issue: Issue = {
    ...input,
    id: world.nextId(),
    number: input.repo.nextNumber++,
    state: 'open',
    stateReason: null,
    labels: [],
    assignees: [],
    comments: [],
    reactions: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
  };
  input.repo.issues.set(issue.number, issue);
  return issue;
}

export function openIssue(world: World, input: Parameters<typeof addIssue>[1]): Done<Issue> {
  const issue = addIssue(world, input);
  return { result: issue, delivered: emitIssue(world, issue, 'opened', issue.user) };
}

export function addComment(world: World, issue: Issue, user: Account, body: string): Done<Comment> {
  checkBody(body, 'IssueComment');
  const now = world.now();
  const comment: Comment = { id: world.nextId(), issue, body, user, reactions: [], createdAt: now, updatedAt: now };
  issue.comments.push(comment);
  issue.updatedAt = now;
  world.comments.set(comment.id, comment);
  return { result: comment, delivered: emitComment(world, comment, 'created', user) };
}

export function editComment(world: World, comment: Comment, sender: Account, body: string): Done<Comment> {
  checkBody(body, 'IssueComment');
  const changes = { body: { from: comment.body } };
  comment.body = body;
  comment.updatedAt = world.now();
  return { result: comment, delivered: emitComment(world, comment, 'edited', sender, { changes }) };
}

export function deleteComment(world: World, comment: Comment, sender: Account): Done<null> {
  comment.issue.comments = comment.issue.comments.filter(({ id }) => id !== comment.id);
  world.comments.delete(comment.id);
  return { result: null, delivered: emitComment(world, comment, 'deleted', sender) };
}

function emitComment(world: World, comment: Comment, action: string, sender: Account, more = {}): Promise<void> {
  const { issue } = comment;
  const body = { issue: issueShape(world, issue), comment: commentShape(world, comment), ...more };
  return world.emit({ event: 'issue_comment', action, repo: issue.repo, sender, body });
}

/** GitHub sends no webhook for reactions. `created` is false when the user had reacted so already. */
export function addReaction(
  world: World,
  target: { reactions: Reaction[] },
  user: Account,
  content: ReactionContent,
): { reaction: Reaction; created: boolean } {
  const known = target.reactions.find((reaction) => reaction.user.id === user.id && reaction.content === content);
  if (known) return { reaction: known, created: false };
  const reaction: Reaction = { id: world.nextId(), content, user, createdAt: world.now() };
  target.reactions.push(reaction);
  return { reaction, created: true };
}

/** Assigns somebody with access; without a word, as GitHub does, nobody where there is none. */
export function assign(world: World, issue: Issue, login: string): void {
  const account = findAccount(world, login);
  if (!account || !isCollaborator(issue.repo, account) || issue.assignees.includes(account)) return;
  if (issue.assignees.length < 10) issue.assignees.push(account);
  issue.updatedAt = world.now();
}

/** The repository's label of that name; made when there is none, as adding it to an issue does. */
function labelOf(world: World, repo: Repository, name: string): Label {
  const known = repo.labels.get(name.toLowerCase());
  if (known) return known;
  const label: Label = { id: world.nextId(), name, color: 'ededed', description: null, default: false };
  repo.labels.set(name.toLowerCase(), label);
  return label;
}

export function addLabel(world: World, issue: Issue, name: string, sender: Account): Done<Label> {
  const label = labelOf(world, issue.repo, name);
  if (issue.labels.includes(label)) return { result: label, delivered: Promise.resolve() };
  issue.labels.push(label);
  return { result: label, delivered: emitLabel(world, issue, label, 'labeled', sender) };
}

export function removeLabel(world: World, issue: Issue, name: string, sender: Account): Done<boolean> {
  const label = issue.labels.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!label) return { result: false, delivered: Promise.resolve() };
  issue.labels = issue.labels.filter((one) => one !== label);
  return { result: true, delivered: emitLabel(world, issue, label, 'unlabeled', sender) };
}

function emitLabel(world: World, issue: Issue, label: Label, action: string, sender: Account): Promise<void> {
  issue.updatedAt = world.now();
  return emitIssue(world, issue, action, sender, { label: labelShape(world, issue.repo, label) });
}

export function setState(
  world: World,
  issue: Issue,
  state: Issue['state'],
  sender: Account,
  reason?: Issue['stateReason'],
): Done<Issue> {
  if (issue.state === state) return { result: issue, delivered: Promise.resolve() };
  const now = world.now();
  issue.state = state;
  issue.stateReason = state === 'closed' ? (reason ?? 'completed') : 'reopened';
  issue.closedAt = state === 'closed' ? now : null;
  issue.updatedAt = now;
  return { result: issue, delivered: emitIssue(world, issue, state === 'closed' ? 'closed' : 'reopened', sender) };
}
