import { userShape } from './shape-accounts.ts';
import { iso, isoOrNull, nodeId } from './shape-common.ts';
import { labelShape, repositoryApi, repositoryHtml } from './shape-repository.ts';
import type { Account, Comment, Issue, Reaction, ReactionContent, Repository } from './types.ts';
import type { World } from './world.ts';

const CONTENTS: ReactionContent[] = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];

export function reactionShape(world: World, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId('REA', reaction.id),
    user: userShape(world, reaction.user),
    content: reaction.content,
    created_at: iso(reaction.createdAt),
  };
}

export function rollup(url: string, reactions: Reaction[]) {
  const count = (content: ReactionContent) => reactions.filter((reaction) => reaction.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...(Object.fromEntries(CONTENTS.map((content) => [content, count(content)])) as Record<ReactionContent, number>),
  };
}

export function association(repo: Repository, account: Account) {
  if (account.id === repo.owner.id) return 'OWNER';
  return repo.collaborators.has(account.login.toLowerCase()) ? 'COLLABORATOR' : 'NONE';
}

export function issueShape(world: World, issue: Issue) {
  const { repo } = issue;
  const api = repositoryApi(world, repo);
  const url = `${api}/issues/${issue.number}`;
  const html = `${repositoryHtml(world, repo)}/${issue.pull ? 'pull' : 'issues'}/${issue.number}`;
  return {
    url,
    repository_url: api,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    id: issue.id,
    node_id: nodeId(issue.pull ? 'PR' : 'I', issue.id),
    number: issue.number,
    title: issue.title,
    user: userShape(world, issue.user),
    labels: issue.labels.map((label) => labelShape(world, repo, label)),
    state: issue.state,
    locked: false,
    assignee: issue.assignees[0] ? userShape(world, issue.assignees[0]) : null,
    assignees: issue.assignees.map((one) => userShape(world, one)),
    milestone: null,
    comments: issue.comments.length,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: isoOrNull(issue.closedAt),
    author_association: association(repo, issue.user),
    active_lock_reason: null,
    ...(issue.pull
      ? {
          draft: issue.pull.draft,
          pull_request: {
            url: `${api}/pulls/${issue.number}`,
            html_url: html,
            diff_url: `${html}.diff`,
            patch_url: `${html}.patch`,
            merged_at: null,
          },
        }
      : {}),
    body: issue.body,
    reactions: rollup(url, issue.reactions),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null,
    state_reason: issue.stateReason,
  };
}

export function commentShape(world: World, comment: Comment) {
  const { issue } = comment;
  const api = repositoryApi(world, issue.repo);
  const url = `${api}/issues/comments/${comment.id}`;
  const kind = issue.pull ? 'pull' : 'issues';
  return {
    url,
    html_url: `${repositoryHtml(world, issue.repo)}/${kind}/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${issue.number}`,
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    user: userShape(world, comment.user),
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    body: comment.body,
    author_association: association(issue.repo, comment.user),
    reactions: rollup(url, comment.reactions),
    performed_via_github_app: null,
  };
}
